#include "core/json_text.hpp"
#include "core/report_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

const kyc::utc_time submitted = kyc::from_iso8601("2026-11-20T01:02:03.456Z").value();

kyc::case_facts card_case() {
    kyc::case_facts about;
    about.name = "A-1001";
    about.service = "kyc_card";
    kyc::file_facts front;
    front.field = "front_id";
    front.name = "front_id.png";
    front.bytes = 181'234;
    front.sha256 = std::string(64, 'a');
    front.width = 1440;
    front.height = 1080;
    about.files = {front};
    return about;
}

kyc::task_facts card_task() {
    kyc::task_facts task;
    task.id = "08bc";
    task.submitted_at = submitted;
    task.answered_at = submitted + 2s;
    task.attempts = 1;
    task.polls = 2;
    return task;
}

kyc::answer answer_to(std::string_view service, const std::string& body) {
    const kyc::service_table table;
    return kyc::read_task_reply(*table.find(service), body).answer.value();
}

json::object parsed(const std::string& text) {
    return json::parse(text).as_object();
}

std::vector<std::string> keys_of(const json::object& object) {
    std::vector<std::string> keys;
    for (const auto& entry : object) {
        keys.emplace_back(entry.key());
    }
    return keys;
}

const std::string reply =
    R"({"document": {"is_valid": true, "is_expired": false, "full_name": "ERIKA MÜSTERMANN", "card_number": "L01XM00CH"},)"
    R"( "liveness": true, "compare": true, "issues": {"liveness": {"FACE_TOO_SMALL": "klein"}}, "n": 1.0,  "big": 12345678901234567890123,)"
    R"( "x": 1e400, "d": 0.30000000000000004})"
    "\n";

} // namespace

BOOST_AUTO_TEST_SUITE(report_json)

BOOST_AUTO_TEST_CASE(a_result_reads_exactly_as_promised) {
    const auto text = kyc::result_json(card_case(), card_task(), answer_to("kyc_card", reply), std::nullopt, reply);
    const std::string expected = R"({
  "schema": "kycd.result/1",
  "case": "A-1001",
  "service": "kyc_card",
  "lane": "live",
  "verdict": "inconclusive",
  "checks": {
    "document_valid": true,
    "document_expired": false,
    "face_match": true,
    "liveness": null
  },
  "document": {
    "type": "card",
    "number": "L01XM00CH",
    "full_name": "ERIKA MÜSTERMANN",
    "first_name": null,
    "last_name": null,
    "date_of_birth": null,
    "sex": null,
    "nationality": null,
    "country": null,
    "issued_on": null,
    "expires_on": null,
    "portrait_url": null
  },
  "issues": [
    {
      "check": "liveness",
      "code": "FACE_TOO_SMALL",
      "message": "klein",
      "advice": "Ask for a picture taken from closer, with less cropping and more pixels: the face needs at least 224 pixels."
    }
  ],
  "registered_face": null,
  "background": null,
  "task": {
    "id": "08bc",
    "submitted_at": "2026-11-20T01:02:03.456Z",
    "answered_at": "2026-11-20T01:02:05.456Z",
    "attempts": 1,
    "polls": 2
  },
  "files": [
    {
      "field": "front_id",
      "name": "front_id.png",
      "bytes": 181234,
      "sha256": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "width": 1440,
      "height": 1080
    }
  ],
  "duplicate_of": null,
  "response": )" + reply + "\n}\n";
    BOOST_TEST(text == expected);
    BOOST_CHECK_NO_THROW(parsed(text));
}

BOOST_AUTO_TEST_CASE(the_response_is_the_reply_byte_for_byte) {
    const std::vector<std::string> replies{reply, "{\"liveness\":\ttrue , \"a\" : [1E5,-0.0, 1e400]}",
                                           R"({"liveness": true, "liveness": false, "u": "\u00e9é\/"})"};
    for (const auto& body : replies) {
        const auto text =
            kyc::result_json(card_case(), card_task(), answer_to("face_liveness", body), std::nullopt, body);
        const std::string before = "\"response\": ";
        const auto at = text.rfind(before);
        BOOST_TEST_REQUIRE(at != std::string::npos);
        BOOST_TEST(text.substr(at + before.size()) == body + "\n}\n");
    }
}

BOOST_AUTO_TEST_CASE(a_case_without_anything_has_every_key_all_the_same) {
    const auto object = parsed(kyc::result_json({}, {}, {}, std::nullopt, "{}"));
    BOOST_TEST(keys_of(object) == (std::vector<std::string>{"schema", "case", "service", "lane", "verdict", "checks",
                                                            "document", "issues", "registered_face", "background",
                                                            "task", "files", "duplicate_of", "response"}),
               boost::test_tools::per_element());
    BOOST_TEST(object.at("verdict").as_string() == "inconclusive");
    BOOST_TEST(object.at("checks").as_object().empty());
    BOOST_TEST(object.at("issues").as_array().empty());
    BOOST_TEST(object.at("files").as_array().empty());
    BOOST_TEST(object.at("document").is_null());
}

BOOST_AUTO_TEST_CASE(a_background_keeps_its_hits_and_cannot_break_the_json) {
    const std::string body =
        R"({"background_check": {"potential_match": true, "risk_level": "medium", "total_matches": 1,
        "hits": [{"score": 0.1, "n": 1e400, "whole": 1.0, "id": 18446744073709551615, "name": "É\u0001"}, [], {}]}})";
    const auto text =
        kyc::result_json(card_case(), card_task(), answer_to("background_check", body), std::nullopt, body);
    const auto background = parsed(text).at("background").as_object();
    BOOST_TEST(keys_of(background) ==
                   (std::vector<std::string>{"potential_match", "risk_level", "total_matches", "hits"}),
               boost::test_tools::per_element());
    BOOST_TEST(background.at("total_matches").as_int64() == 1);
    const auto& hit = background.at("hits").as_array().at(0).as_object();
    BOOST_TEST(hit.at("score").as_double() == 0.1);
    BOOST_TEST(hit.at("n").is_null());
    BOOST_TEST(hit.at("whole").to_number<double>() == 1.0);
    BOOST_TEST(hit.at("id").as_uint64() == 18446744073709551615u);
    BOOST_TEST(hit.at("name").as_string() == "É\x01");
    BOOST_TEST(text.find("Infinity") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_registered_face_and_a_duplicate_are_told) {
    kyc::duplicate_facts earlier;
    earlier.case_name = "A-1000";
    earlier.service = "register_face";
    earlier.answered_at = submitted;
    const std::string body = R"({"uuid": "c7b2"})";
    const auto object =
        parsed(kyc::result_json(card_case(), card_task(), answer_to("register_face", body), earlier, body));
    BOOST_TEST(object.at("registered_face").as_string() == "c7b2");
    const auto& duplicate = object.at("duplicate_of").as_object();
    BOOST_TEST(keys_of(duplicate) == (std::vector<std::string>{"case", "service", "answered_at"}),
               boost::test_tools::per_element());
    BOOST_TEST(duplicate.at("case").as_string() == "A-1000");
    BOOST_TEST(duplicate.at("answered_at").as_string() == "2026-11-20T01:02:03.456Z");
}

BOOST_AUTO_TEST_CASE(an_error_reads_exactly_as_promised) {
    kyc::failure end{kyc::stage::submit, kyc::failure_code::rejected, "the API refused front_id"};
    end.http_status = 400;
    end.api = R"({"front_id": ["No file was submitted."]})";
    auto about = card_case();
    about.files[0].width = 0;
    about.files[0].height = 0;
    about.files[0].sha256.clear();
    BOOST_TEST(kyc::error_json(about, end, 1, submitted) == R"({
  "schema": "kycd.error/1",
  "case": "A-1001",
  "service": "kyc_card",
  "stage": "submit",
  "code": "REJECTED",
  "message": "the API refused front_id",
  "advice": "Correct what the API's messages in 'api' name and drop the case again.",
  "retryable": false,
  "http_status": 400,
  "api": {"front_id": ["No file was submitted."]},
  "attempts": 1,
  "failed_at": "2026-11-20T01:02:03.456Z",
  "files": [
    {
      "field": "front_id",
      "name": "front_id.png",
      "bytes": 181234,
      "sha256": null,
      "width": null,
      "height": null
    }
  ]
}
)");
}

BOOST_AUTO_TEST_CASE(an_error_without_a_reply_says_null_and_keeps_its_own_advice) {
    kyc::failure end{kyc::stage::intake, kyc::failure_code::case_incomplete, "front_id is missing"};
    end.advice = "Send the front.";
    const auto object = parsed(kyc::error_json({}, end, 0, submitted));
    BOOST_TEST(object.at("api").is_null());
    BOOST_TEST(object.at("http_status").is_null());
    BOOST_TEST(object.at("advice").as_string() == "Send the front.");
    BOOST_TEST(object.at("stage").as_string() == "intake");
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_not_json_goes_in_as_its_first_2_kib) {
    const auto api = [](const std::string& body) {
        kyc::failure end{kyc::stage::poll, kyc::failure_code::reply_not_understood, "x"};
        end.api = body;
        const auto object = parsed(kyc::error_json({}, end, 1, submitted));
        return std::string(object.at("api").as_string());
    };
    BOOST_TEST(api("") == "");
    BOOST_TEST(api("<h1>\"Server\" Error\n</h1>") == "<h1>\"Server\" Error\n</h1>");
    BOOST_TEST(api(std::string(5000, 'x')) == std::string(2048, 'x'));
    // an é that would be cut in half is left out
    BOOST_TEST(api(std::string(2047, 'x') + "é" + std::string(100, 'x')) == std::string(2047, 'x'));
    BOOST_TEST(api("bad \xff\xfe" + std::string(3000, 'x')).substr(0, 10) == "bad \uFFFD\uFFFD");
    BOOST_TEST(api(std::string(65, '[') + std::string(65, ']')) == std::string(65, '[') + std::string(65, ']'));
}

BOOST_AUTO_TEST_CASE(names_of_every_kind_stay_valid_json) {
    auto about = card_case();
    about.name = "Müller \"x\" \\ \n\x01\x7f\xc2\x9b\xff";
    about.files[0].name = "a\xc3.jpg";
    const auto text = kyc::result_json(about, card_task(), {}, std::nullopt, "null");
    const auto object = parsed(text);
    BOOST_TEST(object.at("case").as_string() == "Müller \"x\" \\ \n\x01\x7f\xc2\x9b\uFFFD");
    BOOST_TEST(object.at("files").as_array().at(0).at("name").as_string() == "a\uFFFD.jpg");
    BOOST_TEST(text.find("Müller \\\"x\\\" \\\\ \\n\\u0001\\u007f\\u009b\uFFFD") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_time_is_written_in_utc_with_milliseconds) {
    using std::chrono::sys_days;
    using namespace std::chrono;
    const kyc::utc_time epoch{};
    BOOST_TEST(kyc::to_iso8601(epoch) == "1970-01-01T00:00:00.000Z");
    BOOST_TEST(kyc::to_iso8601(epoch - 1us) == "1969-12-31T23:59:59.999Z");
    BOOST_TEST(kyc::to_iso8601(epoch + 1'999us) == "1970-01-01T00:00:00.001Z");
    BOOST_TEST(kyc::to_iso8601(sys_days{2024y / 2 / 29} + 23h + 59min + 59s + 999ms) == "2024-02-29T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(a_time_that_was_written_is_read_back) {
    for (const std::string text :
         {"1970-01-01T00:00:00.000Z", "2026-11-20T01:02:03.456Z", "1969-12-31T23:59:59.999Z",
          "2024-02-29T23:59:59.001Z", "1678-01-01T00:00:00.000Z", "2261-12-31T23:59:59.999Z"}) {
        const auto time = kyc::from_iso8601(text);
        BOOST_TEST_REQUIRE(time.has_value(), text);
        BOOST_TEST(kyc::to_iso8601(*time) == text);
    }
}

BOOST_AUTO_TEST_CASE(a_text_of_another_form_is_no_time) {
    for (const std::string text :
         {"", "2026-11-20", "2026-11-20T01:02:03Z", "2026-11-20T01:02:03.456", "2026-11-20T01:02:03.456z",
          "2026-11-20 01:02:03.456Z", "2026-11-20T01:02:03.456+00:00", "2026-13-20T01:02:03.456Z",
          "2026-02-30T01:02:03.456Z", "2026-11-20T24:00:00.000Z", "2026-11-20T00:60:00.000Z",
          "2026-11-20T00:00:60.000Z", "2026-11-2xT00:00:00.000Z", "+026-11-20T00:00:00.000Z",
          "1677-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", " 2026-11-20T01:02:03.456Z"}) {
        BOOST_TEST(!kyc::from_iso8601(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_SUITE_END()
