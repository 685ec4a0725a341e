#include "sandbox/answers.hpp"
#include "sandbox/tasks.hpp"
#include "support/temporary_folder.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace kyc::sandbox;
using namespace std::chrono_literals;
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(answers)

namespace {

const time_point start{std::chrono::seconds(1'800'000'000)};

/// The final reply of a task of this service with this answer, one second after its start.
reply answered(const std::string& service_name, const std::string& answer, bool known_face = true) {
    answer_facts facts;
    facts.seed = "0123456789abcdef";
    facts.registered_uuid = "1a2b3c4d-0000-11ec-8000-0242ac120005";
    facts.known_face = known_face;
    task_store tasks;
    const auto id =
        tasks.start(make_outcome(*find_service(service_name), answer, facts, reply_form::as_documented), {}, {}, start);
    return tasks.poll(id, {}, start + 1s);
}

json::value body(const std::string& service_name, const std::string& answer) {
    return json::parse(answered(service_name, answer).body);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_marker_is_found_anywhere_in_the_bytes) {
    BOOST_TEST(marker_in("\xff\xd8 kycd-sandbox:face_too_small\xff\xd9") == "face_too_small");
    BOOST_TEST(marker_in("kycd-sandbox:spoof") == "spoof");
    BOOST_TEST(marker_in("kycd-sandbo").empty());
}

BOOST_AUTO_TEST_CASE(cards_are_bare_and_passports_wrapped) {
    const auto card = body("kyc_card", "pass").as_object();
    BOOST_TEST(card.at("liveness").as_bool());
    BOOST_TEST(card.at("document").at("gender").as_string().empty());
    BOOST_TEST(card.at("document").at("date_of_birth").as_string().size() == 10U);
    const auto passport = body("kyc_passport", "pass");
    BOOST_TEST(passport.at("id").as_int64() == 2100);
    BOOST_TEST(passport.at("status").as_string() == "SUCCESS");
    BOOST_TEST(passport.at("result").at("status").as_int64() == 200);
    const auto& document = passport.at("result").at("data").at("document");
    BOOST_TEST(document.at("dateOfIssue").as_string() == "None-None-None");
    BOOST_TEST(document.at("portrait_url")
                   .as_string()
                   .starts_with("https://dev.progeny.tech/media/images/services/ocr_passport/"));
    BOOST_TEST(!body("background_check", "pass").at("background_check").at("potential_match").as_bool());
}

BOOST_AUTO_TEST_CASE(a_face_that_is_not_found_fails_in_the_documented_form) {
    const auto reply = body("face_liveness", "face_not_found");
    const auto& data = reply.at("result").at("data");
    BOOST_TEST(!data.at("liveness").at("result").as_bool());
    BOOST_TEST(data.at("liveness").at("data").at("error_code").as_string() == "FACE_NOT_FOUND");
    BOOST_TEST((data.at("issues").at("liveness").at("FACE_NOT_FOUND") == data.at("liveness").at("data").at("error")));
}

BOOST_AUTO_TEST_CASE(a_spoof_has_numbers_and_no_code) {
    const auto reply = body("face_liveness", "spoof");
    const auto& data = reply.at("result").at("data").as_object();
    BOOST_TEST(!data.at("liveness").at("result").as_bool());
    BOOST_TEST(data.at("liveness").at("data").as_object().contains("probability"));
    BOOST_TEST(!data.contains("issues"));
    BOOST_TEST(!body("kyc_card", "spoof").at("liveness").as_bool());
}

BOOST_AUTO_TEST_CASE(the_other_answers_say_what_their_names_promise) {
    BOOST_TEST(!body("kyc_card", "face_mismatch").at("compare").as_bool());
    BOOST_TEST(body("kyc_card", "expired").at("document").at("is_expired").as_bool());
    BOOST_TEST(!body("kyc_card", "invalid_document").at("document").at("is_valid").as_bool());
    BOOST_TEST(body("kyc_card", "many_issues").at("issues").as_object().size() == 3U);
    BOOST_TEST(body("kyc_card", "null_liveness").at("liveness").is_null());
    BOOST_TEST(body("kyc_card", "failure").at("status").as_string() == "FAILURE");
    BOOST_TEST(body("kyc_card", "revoked").at("status").as_string() == "REVOKED");
    BOOST_TEST(body("kyc_card", "never").at("status").as_string() == "PENDING");
    BOOST_TEST(body("kyc_card", "inner_400").at("result").at("status").as_int64() == 400);
    BOOST_TEST(body("kyc_card", "null_result").at("result").is_null());
    BOOST_TEST(body("kyc_card", "double_encoded").at("result").is_string());
    BOOST_TEST(answered("kyc_card", "task_400").status == 400);
    BOOST_TEST(answered("kyc_card", "garbage").content_type.starts_with("text/html"));
    BOOST_TEST(body("background_check", "potential_match").at("background_check").at("hits").as_array().size() == 1U);
    BOOST_TEST(body("authenticate_face", "pass")
                   .at("result")
                   .at("data")
                   .at("authentication")
                   .at("data")
                   .at("matchScore")
                   .as_string() == "20.0");
}

BOOST_AUTO_TEST_CASE(an_unknown_face_is_an_inner_400) {
    const auto reply = json::parse(answered("authenticate_face", "pass", false).body);
    BOOST_TEST(reply.at("result").at("status").as_int64() == 400);
}

BOOST_AUTO_TEST_CASE(a_task_walks_through_its_states) {
    settings rules;
    rules.answer_after_min = rules.answer_after_max = 10s;
    rules.retry_state = true;
    rules.fresh_for = 1s;
    rules.fresh_task = missing_task::not_found;
    task_store tasks;
    const auto id = tasks.start(make_outcome(*find_service("ocr_passport"), "pass", {}, reply_form::as_documented),
                                rules, {}, start);
    BOOST_TEST(tasks.poll(id, rules, start).status == 404);
    const auto state = [&](std::chrono::seconds after) {
        return std::string(json::parse(tasks.poll(id, rules, start + after).body).at("status").as_string());
    };
    BOOST_TEST(state(1s) == "PENDING");
    BOOST_TEST(state(3s) == "STARTED");
    BOOST_TEST(state(6s) == "RETRY");
    BOOST_TEST(state(10s) == "SUCCESS");
    BOOST_TEST(tasks.polls().at(id) == 5U);
}

BOOST_AUTO_TEST_CASE(kept_tasks_and_faces_outlive_the_process) {
    const kyc::test::temporary_folder folder;
    const auto file = folder.path() / "tasks.jsonl";
    const settings rules;
    const auto poll_both = [&](task_store& tasks, const std::string& good, const std::string& bad) {
        return tasks.poll(good, rules, start + 1s).body + tasks.poll(bad, rules, start + 1s).body;
    };
    std::string good;
    std::string bad;
    std::string before;
    {
        task_store tasks;
        tasks.keep_in(file);
        good = tasks.start(make_outcome(*find_service("kyc_card"), "pass", {}, reply_form::wrapped), rules, "face-1",
                           start);
        bad =
            tasks.start(make_outcome(*find_service("kyc_card"), "failure", {}, reply_form::wrapped), rules, {}, start);
        before = poll_both(tasks, good, bad);
    }
    std::ofstream(file, std::ios::app) << R"({"id": "cut)"; // as a kill leaves it
    task_store tasks;
    tasks.keep_in(file);
    BOOST_TEST(poll_both(tasks, good, bad) == before);
    BOOST_TEST(tasks.knows_face("face-1"));
    tasks.clear();
    BOOST_TEST(std::filesystem::file_size(file) == 0U);
}

BOOST_AUTO_TEST_CASE(an_unknown_task_is_pending_unless_told_otherwise) {
    task_store tasks;
    settings rules;
    BOOST_TEST(tasks.poll("x", rules, start).body == R"({"id":null,"status":"PENDING","result":null})");
    rules.unknown_task = missing_task::server_error;
    BOOST_TEST(tasks.poll("x", rules, start).status == 500);
}

BOOST_AUTO_TEST_SUITE_END()
