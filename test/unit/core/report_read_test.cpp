#include "core/report_read.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;

namespace {

case_facts sample() {
    case_facts about;
    about.name = "A-1 \"x\"";
    about.service = "kyc_card";
    file_facts file;
    file.field = "front_id";
    file.name = "front.png";
    file.bytes = 12;
    file.sha256 = std::string(64, 'a');
    file.width = 640;
    file.height = 480;
    about.files.push_back(file);
    return about;
}

std::string result_with(const std::string& reply) {
    task_facts task;
    task.id = "t-1";
    task.submitted_at = *from_iso8601("2026-11-20T01:02:03.456Z");
    task.answered_at = *from_iso8601("2026-11-20T01:02:05.000Z");
    task.attempts = 2;
    task.polls = 3;
    duplicate_facts earlier;
    earlier.case_name = "B-2";
    earlier.service = "ocr_card";
    return result_json(sample(), task, answer(), earlier, reply);
}

} // namespace

BOOST_AUTO_TEST_SUITE(report_read_suite)

BOOST_AUTO_TEST_CASE(a_result_is_read_back) {
    const auto read = read_report(result_with("{}"));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->answered);
    BOOST_TEST(read->about.name == "A-1 \"x\"");
    BOOST_TEST(read->about.files.size() == 1u);
    BOOST_TEST(read->about.files[0].sha256 == std::string(64, 'a'));
    BOOST_TEST(read->task.id == "t-1");
    BOOST_TEST(read->task.attempts == 2u);
    BOOST_TEST(to_iso8601(read->ended_at) == "2026-11-20T01:02:05.000Z");
    BOOST_REQUIRE(read->duplicate_of.has_value());
    BOOST_TEST(read->duplicate_of->case_name == "B-2");
    BOOST_TEST(!read->duplicate_of->answered_at.has_value());
}

BOOST_AUTO_TEST_CASE(an_error_is_read_back) {
    const failure end(stage::poll, failure_code::task_failed, "it broke");
    const auto read = read_report(error_json(sample(), end, 1, *from_iso8601("2026-11-20T01:02:03.456Z")));
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(!read->answered);
    BOOST_TEST(read->word == "TASK_FAILED");
    BOOST_TEST(read->stage == "poll");
    BOOST_TEST(read->message == "it broke");
    BOOST_TEST(read->advice == default_advice(failure_code::task_failed));
    BOOST_TEST(read->retryable);
    BOOST_TEST(to_iso8601(read->ended_at) == "2026-11-20T01:02:03.456Z");
}

BOOST_AUTO_TEST_CASE(a_reply_as_deep_and_as_large_as_a_reply_may_be_hides_nothing) {
    const std::string deep = std::string(64, '[') + std::string(64, ']');
    BOOST_TEST(read_report(result_with(deep)).has_value());
    const std::string large = "\"" + std::string((8u << 20) - 2, 'x') + "\"";
    BOOST_TEST(read_report(result_with(large)).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_neither_is_none) {
    for (const auto* text :
         {"", "{}", "[]", "null", "{\"schema\": \"kycd.result/2\"}", "{\"schema\": 1}", "{\"schema\": \"kycd"})
        BOOST_TEST(!read_report(text).has_value(), text);
    const auto empty = read_report(R"({"schema": "kycd.error/1", "files": [1, {"bytes": -1}], "failed_at": 7})");
    BOOST_REQUIRE(empty.has_value());
    BOOST_TEST(empty->word == "");
    BOOST_TEST((empty->ended_at == utc_time{}));
}

BOOST_AUTO_TEST_SUITE_END()
