#include "core/answer.hpp"
#include "core/issue_advice.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using kyc::verdict;

const kyc::service_table table;

kyc::answer read(const kyc::service& target, const std::string& body) {
    auto reading = kyc::read_task_reply(target, body);
    BOOST_TEST_REQUIRE((reading.state == kyc::task_state::answered), body);
    return *reading.answer;
}

kyc::answer read(std::string_view service, const std::string& body) {
    return read(*table.find(service), body);
}

/// "document_valid=true liveness=?"
std::string spelled(const kyc::answer& said) {
    std::string text;
    for (const auto& [judged, value] : said.checks) {
        text += text.empty() ? "" : " ";
        text += kyc::to_string(judged);
        text += value ? (*value ? "=true" : "=false") : "=?";
    }
    return text;
}

/// "liveness:FACE_NOT_FOUND"
std::string spelled(const std::vector<kyc::issue>& issues) {
    std::string text;
    for (const auto& one : issues) {
        text += (text.empty() ? "" : " ") + one.check + ":" + one.code;
    }
    return text;
}

struct row {
    std::string service;
    std::string body;
    verdict expected;
    std::string checks;
    std::string issues = {};
};

const std::string valid = R"("document": {"is_valid": true, "is_expired": false})";

void check_rows(const std::vector<row>& rows) {
    for (const auto& expected : rows) {
        BOOST_TEST_CONTEXT(expected.service << ' ' << expected.body) {
            const auto said = read(expected.service, expected.body);
            BOOST_TEST(kyc::to_string(said.verdict) == kyc::to_string(expected.expected));
            BOOST_TEST(spelled(said) == expected.checks);
            BOOST_TEST(spelled(said.issues) == expected.issues);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer)

BOOST_AUTO_TEST_CASE(a_case_passes_when_every_check_of_its_service_is_good) {
    const std::string four = "document_valid=true document_expired=false face_match=true liveness=true";
    const std::string clear = R"("background_check": {"potential_match": false, "risk_level": "unknown"})";
    check_rows({
        {"kyc_card", "{" + valid + R"(, "compare": true, "liveness": true})", verdict::pass, four},
        {"kyc_passport", "{" + valid + R"(, "compare": {"result": true, "data": {}}, "liveness": {"result": true}})",
         verdict::pass, four},
        {"kyc_card", "{" + valid + R"(, "compare": true, "liveness": true, "issues": {}})", verdict::pass, four},
        {"kyc_card", "{" + valid + R"(, "compare": true, "liveness": true, "issues": null})", verdict::pass, four},
        {"ocr_card", "{" + valid + "}", verdict::pass, "document_valid=true document_expired=false"},
        {"face_liveness",
         R"({"liveness": {"result": true, "data": {"score": 2.59, "quality": 0.82, "probability": 0.93}}})",
         verdict::pass, "liveness=true"},
        {"liveness", R"({"liveness": {"result": true, "data": {"error_code": "", "error": null}}})", verdict::pass,
         "liveness=true"},
        {"register_face", R"({"uuid": "c7b2d0a8-b012-11ec-b909-0242ac120002"})", verdict::pass, "face_registered=true"},
        {"authenticate_face",
         R"({"authentication": {"result": true, "data": {"matchScore": "20.0"}}, "liveness": {"result": true}})",
         verdict::pass, "authentication=true liveness=true"},
        {"background_check", "{" + clear + "}", verdict::pass, "background_clear=true"},
        {"kyc_card_with_background_check", "{" + valid + R"(, "compare": true, "liveness": true, )" + clear + "}",
         verdict::pass, four + " background_clear=true"},
    });
}

BOOST_AUTO_TEST_CASE(one_bad_check_fails_the_case) {
    check_rows({
        {"kyc_card", R"({"document": {"is_valid": false, "is_expired": false}, "compare": true, "liveness": true})",
         verdict::fail, "document_valid=false document_expired=false face_match=true liveness=true"},
        {"kyc_card", R"({"document": {"is_valid": true, "is_expired": true}, "compare": true, "liveness": true})",
         verdict::fail, "document_valid=true document_expired=true face_match=true liveness=true"},
        {"kyc_card", "{" + valid + R"(, "compare": false, "liveness": true})", verdict::fail,
         "document_valid=true document_expired=false face_match=false liveness=true"},
        {"kyc_card", R"({"liveness": false})", verdict::fail,
         "document_valid=? document_expired=? face_match=? liveness=false"},
        {"face_liveness",
         R"({"liveness": {"result": false, "data": {"score": 0.1, "quality": 0.8, "probability": 0.01}}})",
         verdict::fail, "liveness=false"},
        {"authenticate_face", R"({"authentication": {"result": false}, "liveness": {"result": true}})", verdict::fail,
         "authentication=false liveness=true"},
        {"kyc_card", R"({"compare": false, "liveness": false, "issues": {"liveness": {"EYES_CLOSED": "x"}}})",
         verdict::fail, "document_valid=? document_expired=? face_match=false liveness=?", "liveness:EYES_CLOSED"},
        {"kyc_card_with_background_check",
         "{" + valid + R"(, "compare": false, "liveness": true, "background_check": {"potential_match": true}})",
         verdict::fail,
         "document_valid=true document_expired=false face_match=false liveness=true background_clear=false"},
    });
}

BOOST_AUTO_TEST_CASE(a_check_that_was_not_judged_is_neither_good_nor_bad) {
    const std::string no_face =
        R"({"liveness": {"data": {"error": "no face", "error_code": "FACE_NOT_FOUND"}, "result": false})";
    check_rows({
        {"face_liveness", no_face + R"(, "issues": {"liveness": {"FACE_NOT_FOUND": "no face"}}})",
         verdict::inconclusive, "liveness=?", "liveness:FACE_NOT_FOUND"},
        {"face_liveness", no_face + "}", verdict::inconclusive, "liveness=?", "liveness:FACE_NOT_FOUND"},
        {"face_liveness", R"({"liveness": {"result": true, "error_code": "X_1"}})", verdict::inconclusive, "liveness=?",
         "liveness:X_1"},
        {"face_liveness", R"({"liveness": {"FACE_CROPPED": "x"}})", verdict::inconclusive, "liveness=?",
         "liveness:FACE_CROPPED"},
        {"face_liveness", R"({"liveness": {"result": true, "data": {"error": "broken"}}})", verdict::inconclusive,
         "liveness=?", "liveness:"},
        {"face_liveness", R"({"liveness": true, "issues": {"liveness": {"EYES_CLOSED": "x"}}})", verdict::inconclusive,
         "liveness=?", "liveness:EYES_CLOSED"},
        {"face_liveness", R"({"liveness": null})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"liveness": "true"})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"liveness": 1})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"liveness": {}})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"liveness": {"result": "true"}})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"liveness": {"result": {"result": true}}})", verdict::inconclusive, "liveness=?"},
        {"face_liveness", R"({"document": {"is_valid": true}})", verdict::inconclusive, "liveness=?"},
        {"kyc_card", "{" + valid + R"(, "liveness": true})", verdict::inconclusive,
         "document_valid=true document_expired=false face_match=? liveness=true"},
        {"kyc_card", R"({"document": [true], "compare": true, "liveness": true})", verdict::inconclusive,
         "document_valid=? document_expired=? face_match=true liveness=true"},
        {"ocr_card", R"({"document": {"is_valid": true}})", verdict::inconclusive,
         "document_valid=true document_expired=?"},
        {"ocr_card", R"({"document": {"is_valid": true, "is_expired": false, "error_code": "FAILED_TO_READ_IMAGE"}})",
         verdict::inconclusive, "document_valid=? document_expired=false", "document:FAILED_TO_READ_IMAGE"},
        {"register_face", R"({"uuid": null})", verdict::inconclusive, "face_registered=?"},
        {"register_face", R"({"uuid": ""})", verdict::inconclusive, "face_registered=?"},
        {"register_face", R"({"uuid": 17})", verdict::inconclusive, "face_registered=?"},
        {"register_face", R"({"issues": {"liveness": {"FACE_TOO_SMALL": "x"}}})", verdict::inconclusive,
         "face_registered=?", "liveness:FACE_TOO_SMALL"},
        {"background_check", R"({"background_check": {"potential_match": true, "hits": [1]}})", verdict::inconclusive,
         "background_clear=false"},
        {"background_check", R"({"background_check": {"risk_level": "low"}})", verdict::inconclusive,
         "background_clear=?"},
        {"background_check", R"({"background_check": []  , "issues": {"x": {"A_B": ""}}})", verdict::inconclusive,
         "background_clear=?", "x:A_B"},
    });
}

BOOST_AUTO_TEST_CASE(an_issue_stands_against_the_check_it_is_named_after) {
    const std::string all = R"("document": {"is_valid": true, "is_expired": false}, "compare": true, "liveness": true)";
    const std::string four = "document_valid=true document_expired=false face_match=true liveness=true";
    const std::string no_document = "document_valid=? document_expired=false face_match=true liveness=true";
    const std::string no_match = "document_valid=true document_expired=false face_match=? liveness=true";
    const std::vector<std::pair<std::string, std::string>> names{
        {"document", no_document}, {"ocr", no_document},  {"ocr_card", no_document}, {"ocr_passport", no_document},
        {"OCR_Card", no_document}, {"compare", no_match}, {"face_match", no_match},  {"face_compare", no_match},
        {"authentication", four},  {"weather", four},     {"background_check", four}};
    for (const auto& [name, checks] : names) {
        check_rows({{"kyc_card", "{" + all + R"(, "issues": {")" + name + R"(": {"SOME_CODE": "x"}}})",
                     verdict::inconclusive, checks, name + ":SOME_CODE"}});
    }
}

BOOST_AUTO_TEST_CASE(no_issue_is_lost_whatever_its_shape) {
    const std::vector<std::pair<std::string, std::string>> shapes{
        {R"({"liveness": {"A_A": "x", "B_B": 5}})", "liveness:A_A liveness:B_B"},
        {R"({"liveness": ["A_A", "a sentence"]})", "liveness:A_A liveness:"},
        {R"({"liveness": [{"code": "A_A", "message": "x"}, {"B_B": "y"}, 3]})", "liveness:A_A liveness:B_B liveness:"},
        {R"({"liveness": {"error_code": "A_A", "error": "x"}})", "liveness:A_A"},
        {R"({"liveness": "A_A"})", "liveness:A_A"},
        {R"({"liveness": {}})", "liveness:"},
        {R"({"liveness": null})", "liveness:"},
        {R"({"liveness": []})", "liveness:"},
        {R"(["A_A", {"B_B": "x"}])", ":A_A :B_B"},
        {R"("broken")", ":"},
        {"true", ":"},
        {"7", ":"},
        {"false", ""},
        {"0", ""},
        {"[]", ""},
        {R"("")", ""},
    };
    for (const auto& [shape, issues] : shapes) {
        const auto said = read("face_liveness", R"({"liveness": true, "issues": )" + shape + "}");
        BOOST_TEST(spelled(said.issues) == issues, shape);
        BOOST_TEST((said.verdict == (issues.empty() ? verdict::pass : verdict::inconclusive)), shape);
    }
}

BOOST_AUTO_TEST_CASE(an_issue_keeps_its_text_and_gains_advice) {
    const auto said = read("face_liveness", R"({"issues": {"liveness": {"FACE_TOO_SMALL": "Gesicht zu klein: ü"}}})");
    BOOST_TEST_REQUIRE(said.issues.size() == 1u);
    BOOST_TEST(said.issues[0].message == "Gesicht zu klein: ü");
    BOOST_TEST(said.issues[0].advice == kyc::issue_advice("FACE_TOO_SMALL"));
}

BOOST_AUTO_TEST_CASE(the_same_code_is_listed_once_for_a_check) {
    const auto data = R"("compare": {"result": false, "data": {"error_code": "FACE_CROPPED", "error": "x"}})";
    const auto listed = [&](const std::string& issues) {
        return spelled(read("kyc_card", std::string("{") + data + R"(, "issues": )" + issues + "}").issues);
    };
    BOOST_TEST(listed(R"({"compare": {"FACE_CROPPED": "x"}})") == "compare:FACE_CROPPED");
    BOOST_TEST(listed(R"({"face_match": {"FACE_CROPPED": "x"}})") == "face_match:FACE_CROPPED");
    BOOST_TEST(listed(R"({"compare": {"EYES_CLOSED": "x"}})") == "compare:EYES_CLOSED compare:FACE_CROPPED");
    BOOST_TEST(listed(R"({"liveness": {"FACE_CROPPED": "x"}})") == "liveness:FACE_CROPPED compare:FACE_CROPPED");
}

BOOST_AUTO_TEST_CASE(a_check_of_another_service_means_nothing) {
    const std::string two = "document_valid=true document_expired=false";
    check_rows({
        {"ocr_passport", "{" + valid + R"(, "compare": true, "liveness": true})", verdict::pass, two},
        {"ocr_passport",
         "{" + valid + R"(, "compare": false, "liveness": {"result": false, "data": {"error_code": "A_B"}}})",
         verdict::pass, two},
        {"ocr_passport", "{" + valid + R"(, "issues": {"liveness": {"FACE_NOT_FOUND": "x"}}})", verdict::inconclusive,
         two, "liveness:FACE_NOT_FOUND"},
    });
}

BOOST_AUTO_TEST_CASE(an_error_of_the_whole_reply_blocks_a_pass) {
    check_rows({{"face_liveness", R"({"liveness": true, "error_code": "LICENSE_ERROR", "error": "x"})",
                 verdict::inconclusive, "liveness=true", ":LICENSE_ERROR"}});
}

BOOST_AUTO_TEST_CASE(a_service_from_the_settings_is_judged_by_what_its_reply_holds) {
    kyc::service mine;
    mine.name = "my_service";
    const auto verdict_for = [&](const std::string& body) { return read(mine, body).verdict; };
    BOOST_TEST(spelled(read(mine, "{" + valid + R"(, "authentication": {"result": true}, "uuid": "a"})")) ==
               "document_valid=true document_expired=false authentication=true face_registered=true");
    BOOST_TEST((verdict_for(R"({"liveness": true})") == verdict::pass));
    BOOST_TEST((verdict_for(R"({"liveness": false})") == verdict::fail));
    BOOST_TEST((verdict_for(R"({"liveness": true, "compare": null})") == verdict::inconclusive));
    BOOST_TEST((verdict_for(R"({"liveness": true, "issues": {"x": {"A_B": "x"}}})") == verdict::inconclusive));
    BOOST_TEST((verdict_for(R"({"background_check": {"potential_match": true}})") == verdict::inconclusive));
    BOOST_TEST((verdict_for(R"({"issues": {}})") == verdict::inconclusive));
    const std::string unknown = R"({"status": "SUCCESS", "result": {"status": 200, "data": {"age": 30}}})";
    BOOST_TEST((verdict_for(unknown) == verdict::inconclusive));
    BOOST_TEST(read(mine, unknown).checks.empty());
}

BOOST_AUTO_TEST_CASE(a_registered_face_is_told_for_register_face_only) {
    BOOST_TEST(
        read("register_face", R"({"uuid": "c7b2d0a8-b012-11ec-b909-0242ac120002"})").registered_face.value_or("") ==
        "c7b2d0a8-b012-11ec-b909-0242ac120002");
    BOOST_TEST(!read("register_face", R"({"uuid": "  "})").registered_face.has_value());
    BOOST_TEST(!read("authenticate_face", R"({"uuid": "c7b2", "liveness": true})").registered_face.has_value());
}

BOOST_AUTO_TEST_CASE(every_known_code_has_advice_of_its_own_or_its_group) {
    const auto general = kyc::issue_advice("NEVER_HEARD_OF");
    BOOST_TEST(general == kyc::issue_advice(""));
    for (const auto* code :
         {"FACE_NOT_FOUND", "FACE_TOO_SMALL", "FACE_TOO_CLOSE", "FACE_ANGLE_TOO_LARGE", "FAILED_TO_READ_IMAGE",
          "FACE_CLOSE_TO_BORDER", "FACE_CROPPED", "FACE_IS_OCCLUDED", "TOO_MANY_FACES", "EYES_CLOSED",
          "FAILED_TO_PREDICT_LANDMARKS", "UNKNOWN", "LICENSE_ERROR", "INVALID_CONFIG", "INVALID_META",
          "FAILED_TO_WRITE_IMAGE", "Bad POST", "Bad params", "Bad face"}) {
        BOOST_TEST(kyc::issue_advice(code) != general, code);
        BOOST_TEST(kyc::issue_advice(code).back() == '.', code);
    }
    for (const auto* code : {"LICENSE_ERROR", "INVALID_CONFIG", "INVALID_META", "FAILED_TO_WRITE_IMAGE"}) {
        BOOST_TEST(kyc::issue_advice(code).find("vendor") != std::string_view::npos, code);
    }
}

BOOST_AUTO_TEST_SUITE_END()
