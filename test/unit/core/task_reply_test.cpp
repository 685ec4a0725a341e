#include "core/answer.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using kyc::task_state;
using kyc::verdict;

const kyc::service_table table;

const kyc::service& the(std::string_view name) {
    return *table.find(name);
}

const std::string good_card = R"({"document": {"is_valid": true, "is_expired": false, "full_name": "ERIKA MUSTERMANN"},
                                  "compare": true, "liveness": true})";

std::string wrapped(const std::string& result, const std::string& status = "SUCCESS") {
    return R"({"id": 2188, "status": ")" + status + R"(", "result": )" + result + "}";
}

std::string as_json_text(const std::string& json) {
    std::string text = "\"";
    for (const char c : json) {
        if (c == '"' || c == '\\') {
            text += '\\';
        }
        text += c == '\n' ? ' ' : c;
    }
    return text + "\"";
}

struct row {
    std::string what;
    std::string body;
    task_state state;
    std::string word = {};
    std::string detail = {}; ///< a part of it
};

void check_rows(const std::vector<row>& rows) {
    for (const auto& [what, body, state, word, detail] : rows) {
        BOOST_TEST_CONTEXT(what) {
            const auto reading = kyc::read_task_reply(the("kyc_card"), body);
            BOOST_TEST((reading.state == state));
            BOOST_TEST(reading.word == word);
            BOOST_TEST(reading.detail.find(detail) != std::string::npos, reading.detail);
            BOOST_TEST(reading.answer.has_value() == (state == task_state::answered));
        }
    }
}

kyc::verdict verdict_of(const std::string& body) {
    const auto reading = kyc::read_task_reply(the("kyc_card"), body);
    BOOST_TEST_REQUIRE((reading.state == task_state::answered));
    return reading.answer->verdict;
}

} // namespace

BOOST_AUTO_TEST_SUITE(task_reply)

BOOST_AUTO_TEST_CASE(a_task_without_an_outcome_is_waited_for) {
    check_rows({
        {"nothing", "", task_state::waiting},
        {"blanks", " \r\n", task_state::waiting},
        {"null", "null", task_state::waiting},
        {"an empty object", "{}", task_state::waiting},
        {"an unknown id", R"({"id": null, "status": "PENDING", "result": null})", task_state::waiting, "PENDING"},
        {"PENDING alone", R"({"status": "PENDING"})", task_state::waiting, "PENDING"},
        {"all null", R"({"id": null, "status": null, "result": null})", task_state::waiting},
        {"STARTED", wrapped(R"({"pid": 17, "hostname": "w1"})", "STARTED"), task_state::waiting, "STARTED"},
        {"RETRY", wrapped(R"({"exc_type": "X", "exc_message": ["a"], "exc_module": "m"})", "RETRY"),
         task_state::waiting, "RETRY"},
        {"RECEIVED", wrapped("null", "RECEIVED"), task_state::waiting, "RECEIVED"},
        {"a state of its own", wrapped(R"({"done": 3})", "PROGRESS"), task_state::waiting, "PROGRESS"},
        {"another letter case", wrapped(R"({"status": 200, "data": {}})", "success"), task_state::waiting, "success"},
        {"an empty word", wrapped("null", ""), task_state::waiting, ""},
        {"PENDING beside empty outcomes", R"({"status": "PENDING", "document": null, "liveness": null})",
         task_state::waiting, "PENDING"},
        {"an outcome that is not final", wrapped(R"({"status": 200, "data": )" + good_card + "}", "PENDING"),
         task_state::waiting, "PENDING"},
    });
}

BOOST_AUTO_TEST_CASE(a_task_that_ended_badly_says_how_without_quoting) {
    check_rows({
        {"a crash",
         wrapped(R"({"exc_type": "TimeLimitExceeded", "exc_message": [300], "exc_module": "billiard.exceptions"})",
                 "FAILURE"),
         task_state::failed, "FAILURE", "TimeLimitExceeded"},
        {"a crash, as text", wrapped(R"("{\"exc_type\": \"WorkerLostError\", \"exc_message\": []}")", "FAILURE"),
         task_state::failed, "FAILURE", "WorkerLostError"},
        {"a crash without a word", R"({"status": "FAILURE"})", task_state::failed, "FAILURE", "FAILURE"},
        {"a crash beside an outcome", R"({"status": "FAILURE", "liveness": true})", task_state::failed, "FAILURE"},
        {"revoked", wrapped(R"({"exc_type": "TaskRevokedError"})", "REVOKED"), task_state::revoked, "REVOKED",
         "TaskRevokedError"},
        {"400 with field messages", wrapped(R"({"status": 400, "data": {"selfie_image": ["No file was submitted."]}})"),
         task_state::rejected, "SUCCESS", "selfie_image"},
        {"400 for a field that is an outcome elsewhere",
         wrapped(R"({"status": 400, "data": {"uuid": ["Must be a valid UUID."]}})"), task_state::rejected, "SUCCESS",
         "uuid"},
        {"422 with a detail",
         wrapped(R"({"data": {"detail": "ERIKA unknown", "code": "no_such_face"}, "status": 422})"),
         task_state::rejected, "SUCCESS", "422, code no_such_face"},
        {"404 with a text", wrapped(R"({"status": 404, "data": "Not found."})"), task_state::rejected, "SUCCESS",
         "404"},
        {"400 with nothing", wrapped(R"({"status": 400})"), task_state::rejected, "SUCCESS", "400"},
        {"400 with null", wrapped(R"({"status": 400, "data": null})"), task_state::rejected, "SUCCESS", "400"},
        {"400 as text", wrapped(R"({"status": "400", "data": {}})"), task_state::rejected, "SUCCESS", "400"},
        {"400, the data as text", wrapped(R"({"status": 400, "data": "{\"image\": [\"x\"]}"})"), task_state::rejected,
         "SUCCESS", "image"},
        {"500 with a detail", wrapped(R"({"status": 500, "data": {"detail": "boom"}})"), task_state::failed, "SUCCESS",
         "500"},
        {"503 with nothing", wrapped(R"({"status": 503, "data": null})"), task_state::failed, "SUCCESS", "503"},
    });
    const auto told = kyc::read_task_reply(
        the("kyc_card"), wrapped(R"({"status": 400, "data": {"detail": "ERIKA", "ERIKA MUSTERMANN": ["ERIKA"]}})"));
    BOOST_TEST(told.detail.find("ERIKA") == std::string::npos, told.detail);
}

BOOST_AUTO_TEST_CASE(an_outcome_is_found_in_every_form_of_the_envelope) {
    const std::string inner = R"({"status": 200, "data": )" + good_card + "}";
    const std::vector<std::pair<std::string, std::string>> forms{
        {"wrapped", wrapped(inner)},
        {"wrapped, other order",
         R"({"result": {"data": )" + good_card + R"(, "status": 200}, "status": "SUCCESS", "id": 1})"},
        {"wrapped, null id", R"({"id": null, "status": "SUCCESS", "result": )" + inner + "}"},
        {"wrapped, an id beyond 64 bits",
         R"({"id": 99999999999999999999999, "status": "SUCCESS", "result": )" + inner + "}"},
        {"wrapped, the result as text", wrapped(as_json_text(inner))},
        {"wrapped, the data as text", wrapped(R"({"status": 200, "data": )" + as_json_text(good_card) + "}")},
        {"wrapped, inner status as text", wrapped(R"({"status": "200", "data": )" + good_card + "}")},
        {"wrapped, no inner status", wrapped(R"({"data": )" + good_card + "}")},
        {"wrapped, no data level", wrapped(good_card)},
        {"bare", good_card},
        {"bare with unknown keys", R"({"extra": [1, {"a": null}], )" + good_card.substr(1)},
    };
    for (const auto& [what, body] : forms) {
        BOOST_TEST((verdict_of(body) == verdict::pass), what);
    }
}

BOOST_AUTO_TEST_CASE(an_inner_status_other_than_200_never_passes) {
    for (const auto* status : {"400", "422", "500", "201", "0", "-1", "1e400", "true", "\"OK\"", "{}", "200.5"}) {
        const auto body = wrapped(std::string(R"({"status": )") + status + R"(, "data": )" + good_card + "}");
        BOOST_TEST((verdict_of(body) == verdict::inconclusive), status);
        BOOST_TEST(kyc::read_task_reply(the("kyc_card"), body).answer->issues.empty());
    }
    const auto spoof = wrapped(R"({"status": 500, "data": {"liveness": false}})");
    BOOST_TEST((verdict_of(spoof) == verdict::fail));
    for (const auto* status : {"400", "\"FAILED\"", "[]"}) {
        const auto bare = std::string(R"({"status": )") + status + ", " + good_card.substr(1);
        BOOST_TEST((verdict_of(bare) == verdict::inconclusive), status);
    }
}

BOOST_AUTO_TEST_CASE(success_with_nothing_inside_is_an_answer_that_judges_nothing) {
    for (const auto* result : {"null", "{}", "\"\"", "\"null\"", R"({"status": 200, "data": {}})",
                               R"({"status": 200, "data": null})", R"({"status": 200, "data": {"other": 1}})"}) {
        const auto reading = kyc::read_task_reply(the("kyc_card"), wrapped(result));
        BOOST_TEST_CONTEXT(result) {
            BOOST_TEST_REQUIRE((reading.state == task_state::answered));
            BOOST_TEST((reading.answer->verdict == verdict::inconclusive));
            BOOST_TEST(reading.answer->checks.size() == 4u);
            for (const auto& judged : reading.answer->checks) {
                BOOST_TEST(!judged.second.has_value());
            }
        }
    }
    BOOST_TEST((verdict_of(R"({"status": "SUCCESS"})") == verdict::inconclusive));
}

BOOST_AUTO_TEST_CASE(what_nobody_knows_is_not_understood) {
    const std::string deep(100'000, '[');
    check_rows({
        {"HTML", "<html><body>Server Error (500)</body></html>", task_state::not_understood, "", "not JSON"},
        {"a cut reply", wrapped(good_card).substr(0, 60), task_state::not_understood, "", "not JSON"},
        {"two values", good_card + "{}", task_state::not_understood, "", "not JSON"},
        {"NaN", R"({"liveness": NaN})", task_state::not_understood, "", "not JSON"},
        {"infinity", R"({"liveness": Infinity})", task_state::not_understood, "", "not JSON"},
        {"invalid UTF-8", "{\"liveness\": true, \"x\": \"\xff\"}", task_state::not_understood, "", "not JSON"},
        {"a lone surrogate", R"({"liveness": true, "x": "\ud800"})", task_state::not_understood, "", "not JSON"},
        {"a NUL", std::string("{\"liveness\": true}\0", 19), task_state::not_understood, "", "not JSON"},
        {"very deep", deep, task_state::not_understood, "", "deeper than 64"},
        {"a number", "1e999", task_state::not_understood, "", "not a JSON object"},
        {"a text", R"("PENDING")", task_state::not_understood, "", "not a JSON object"},
        {"an array", "[]", task_state::not_understood, "", "not a JSON object"},
        {"a detail", R"({"detail": "Not found."})", task_state::not_understood, "", "neither"},
        {"field messages", R"({"selfie_image": ["No file was submitted."]})", task_state::not_understood, "",
         "neither"},
        {"a result alone", R"({"result": {"status": 200, "data": {"liveness": true}}})", task_state::not_understood},
        {"a number as result", wrapped("5"), task_state::not_understood, "SUCCESS", "not an object"},
        {"an array as result", wrapped("[{}]"), task_state::not_understood, "SUCCESS", "not an object"},
        {"a sentence as result", wrapped("\"done\""), task_state::not_understood, "SUCCESS", "not an object"},
        {"larger than 8 MiB", "{\"liveness\": \"" + std::string(std::size_t{8} << 20, 'x') + "\"}",
         task_state::not_understood, "", "8 MiB"},
    });
}

BOOST_AUTO_TEST_CASE(depth_is_accepted_up_to_64) {
    const auto nested = [](std::size_t depth) {
        return R"({"liveness": true, "x": )" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    BOOST_TEST((kyc::read_task_reply(the("face_liveness"), nested(63)).state == task_state::answered));
    BOOST_TEST((kyc::read_task_reply(the("face_liveness"), nested(64)).state == task_state::not_understood));
    const auto doubly = wrapped(as_json_text(R"({"data": )" + std::string(1000, '[') + "}"));
    BOOST_TEST((kyc::read_task_reply(the("face_liveness"), doubly).state == task_state::not_understood));
}

BOOST_AUTO_TEST_CASE(a_reply_of_almost_8_mib_is_read) {
    const auto body = R"({"liveness": true, "pad": ")" + std::string((std::size_t{8} << 20) - 64, 'x') + "\"}";
    BOOST_TEST((kyc::read_task_reply(the("face_liveness"), body).state == task_state::answered));
}

BOOST_AUTO_TEST_CASE(with_duplicate_keys_the_last_one_wins) {
    BOOST_TEST((verdict_of(R"({"liveness": true, )" + good_card.substr(1, good_card.size() - 2) +
                           R"(, "liveness": false})") == verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_sentence_in_the_place_of_the_word_is_not_repeated) {
    const auto reading = kyc::read_task_reply(the("kyc_card"), wrapped("null", "WAITING for Tove Halvorsen"));
    BOOST_TEST((reading.state == task_state::waiting));
    BOOST_TEST(reading.word == "that is no word");
}

BOOST_AUTO_TEST_CASE(an_endless_word_is_cut) {
    const auto reading = kyc::read_task_reply(the("kyc_card"), wrapped("null", std::string(100'000, 'A')));
    BOOST_TEST((reading.state == task_state::waiting));
    BOOST_TEST(reading.word == std::string(64, 'A'));
}

BOOST_AUTO_TEST_CASE(a_receipt_is_a_usable_id_and_nothing_else) {
    const std::string uuid = "08bc1f0a-95a5-4c8c-a6c5-0b2a54a5a0ff";
    BOOST_TEST(kyc::read_receipt(R"({"id": ")" + uuid + "\"}").value_or("") == uuid);
    BOOST_TEST(kyc::read_receipt(R"( {"other": {"id": 3}, "id": ")" + uuid + "\"}\n").value_or("") == uuid);
    for (const std::string body : {"",
                                   "null",
                                   "{}",
                                   "[]",
                                   "\"x\"",
                                   "<html>",
                                   R"({"id": null})",
                                   R"({"id": ""})",
                                   R"({"id": 5})",
                                   R"({"id": true})",
                                   R"({"id": ["a"]})",
                                   R"({"id": {"id": "a"}})",
                                   R"({"ID": "a"})",
                                   R"({"id": "a b"})",
                                   R"({"id": "a&b=c"})",
                                   R"({"id": "a\r\nX: y"})",
                                   R"({"id": "é"})",
                                   R"({"id": "None"})",
                                   R"({"id": "null"})",
                                   R"({"id": "a"} x)"}) {
        BOOST_TEST(!kyc::read_receipt(body).has_value(), body);
    }
    BOOST_TEST(!kyc::read_receipt(R"({"id": ")" + std::string(129, 'a') + "\"}").has_value());
    BOOST_TEST(!kyc::read_receipt(std::string(100'000, '{')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
