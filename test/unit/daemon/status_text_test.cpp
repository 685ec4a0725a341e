#include "told/status_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;

namespace {

const utc_time now = *from_iso8601("2026-11-20T22:14:05.000Z");

std::string body_of(const std::string& text) {
    return status_body(boost::json::parse(text).as_object(), now);
}

bool says(const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(status_text_suite)

BOOST_AUTO_TEST_CASE(the_head_tells_how_to_notice_a_daemon_that_has_died) {
    const auto status = boost::json::parse(R"({"started_at": "2026-11-19T06:00:01.000Z", "stopping": false})");
    text_occasion when;
    when.now = now;
    when.at_least_every = std::chrono::seconds(60);
    const auto running = status_head(status.as_object(), when);
    BOOST_TEST(running.starts_with("kycd, 2026-11-20 22:14:05 UTC\n"));
    BOOST_TEST(says(running, "running since 2026-11-19 06:00:01 UTC"));
    BOOST_TEST(says(running, "at least every 60 seconds"));
    when.stopped = true;
    const auto stopped = status_head(status.as_object(), when);
    BOOST_TEST(says(stopped, "kycd has been stopped"));
    BOOST_TEST(!says(stopped, "60 seconds"));
    when.stopped = false;
    const auto stopping = boost::json::parse(R"({"stopping": true})");
    BOOST_TEST(says(status_head(stopping.as_object(), when), "kycd is stopping"));
}

BOOST_AUTO_TEST_CASE(a_document_that_says_nothing_is_no_trouble) {
    BOOST_TEST(body_of("{}") == "Nothing waits.\n");
    BOOST_TEST(body_of(R"({"faults": 1, "api": [], "states": {}, "ended": null, "failures": [1, "x"]})") ==
               "Nothing waits.\n");
}

BOOST_AUTO_TEST_CASE(what_waits_is_counted_by_service_and_in_all) {
    const auto text = body_of(R"({"states": [
        {"state": "not_ready", "service": "kyc_card", "cases": 1, "oldest_seconds": 245},
        {"state": "waiting", "service": "kyc_card", "cases": 212, "oldest_seconds": 31},
        {"state": "claimed", "service": "kyc_card", "cases": 1, "oldest_seconds": 1},
        {"state": "sending", "service": "kyc_card", "cases": 2, "oldest_seconds": 1},
        {"state": "pending", "service": "ocr_card", "cases": 16, "oldest_seconds": 4},
        {"state": "waiting", "service": "face_liveness", "cases": 0, "oldest_seconds": 0}], "forecast_seconds": 577})");
    BOOST_TEST(says(text, "service   not ready  waiting  in work  oldest\n"
                          "kyc_card          1      212        3  4m 05s\n"
                          "ocr_card          0        0       16      4s\n"
                          "all               1      212       19  4m 05s\n"));
    BOOST_TEST(says(text, "all is done in about 9m 37s."));
    BOOST_TEST(!says(text, "face_liveness"));
}

BOOST_AUTO_TEST_CASE(what_kycd_may_not_take_is_counted) {
    const std::string states = R"("states": [{"state": "not_ready", "service": "kyc_card", "cases": 3}])";
    const auto inbox = [](const char* count) {
        return R"(, "inbox": [{"folder": "kyc_card", "not_permitted": )" + std::string(count) +
               R"(}, {"folder": "ocr_card", "not_permitted": 1}])";
    };
    BOOST_TEST(says(body_of("{" + states + inbox("2") + "}"), "no permission to take 3 cases of the inbox"));
    BOOST_TEST(says(body_of("{" + states + inbox("0") + "}"), "no permission to take 1 case of the inbox"));
    BOOST_TEST(!says(body_of("{" + states + "}"), "permission"));
}

BOOST_AUTO_TEST_CASE(what_is_paused_comes_first_and_names_no_case) {
    const auto text = body_of(R"({"faults": [{"what": "rename /s/work/kyc_card/MUSTERMANN: No space left on device",
                                              "since": "2026-11-20T22:13:05.000Z"}],
                                  "api": {"host_down": true, "why": "connect: refused", "next_try_in_seconds": 7}})");
    BOOST_TEST(text.starts_with("PAUSED: fault of the system: No space left on device, for 1m 00s\n"
                                "PAUSED: the API is down: connect: refused; next try in 7s\n"
                                "Nothing is lost meanwhile"));
    BOOST_TEST(!says(text, "MUSTERMANN"));
}

BOOST_AUTO_TEST_CASE(a_rest_that_the_api_asked_for_is_a_pause_unless_it_is_short_or_not_the_reason) {
    BOOST_TEST(
        body_of(R"({"api": {"pace": {"resting_for_seconds": 300}}})")
            .starts_with("PAUSED: the API asked for a rest: it refused calls that came too fast; next try in 5m 00s\n"
                         "Nothing is lost meanwhile, and kycd goes on by itself.\n"));
    BOOST_TEST(!says(body_of(R"({"api": {"pace": {"resting_for_seconds": 1}}})"), "PAUSED"));
    const auto down = body_of(R"({"api": {"host_down": true, "pace": {"resting_for_seconds": 300}}})");
    BOOST_TEST(says(down, "PAUSED: the API is down"));
    BOOST_TEST(!says(down, "rest"));
}

BOOST_AUTO_TEST_CASE(a_login_that_brings_no_token_is_a_pause) {
    const auto text = body_of(R"({"api": {"no_token": true, "why": "login: HTTP 200", "next_try_in_seconds": 7,
                                          "pace": {"resting_for_seconds": 300}}})");
    BOOST_TEST(text.starts_with("PAUSED: the API gives no token: login: HTTP 200; next try in 7s\nNothing is lost"));
    BOOST_TEST(!says(text, "rest"));
}

BOOST_AUTO_TEST_CASE(refused_credentials_need_a_person) {
    const auto text = body_of(R"({"api": {"credentials_refused": true, "why": "HTTP 401"}})");
    BOOST_TEST(text.starts_with("PAUSED: credentials refused: HTTP 401\nNothing is lost meanwhile. Tell whoever"));
    BOOST_TEST(!says(text, "by itself"));
}

BOOST_AUTO_TEST_CASE(failures_come_with_what_to_do_about_them) {
    const auto text =
        body_of(R"({"ended": {"last_hour": {"delivered": 1, "failed": 0}, "last_day": {"delivered": 12, "failed": 3}},
                                  "failures": [{"code": "NOT_AN_IMAGE", "advice": "Replace the file.", "cases": 2},
                                               {"code": "A_LATER_CODE", "cases": 1}]})");
    BOOST_TEST(says(text, "Within the last hour: 1 case answered, 0 cases failed.\n"
                          "Within the last day:  12 cases answered, 3 cases failed.\n"));
    BOOST_TEST(says(text, "  NOT_AN_IMAGE, 2 cases: Replace the file.\n  A_LATER_CODE, 1 case\n"));
}

BOOST_AUTO_TEST_CASE(a_folder_of_any_name_is_told_safely) {
    const auto text = body_of(R"({"states": [{"state": "waiting", "service": "a\u001b[2J\nb", "cases": 1}]})");
    BOOST_TEST(!says(text, "\x1b"));
    BOOST_TEST(says(text, "a\\x1b[2J\\x0ab"));
}

BOOST_AUTO_TEST_CASE(tickets_say_how_far_they_are_and_why_they_stand_still) {
    const auto text = body_of(R"({"tickets": [
        {"name": "night", "state": "waiting", "why": "outside its window, 22:30-06:00 UTC", "selected": 5000,
         "unchanged": 1100, "changed": 80, "failed": 20, "skipped": 0,
         "next_event": {"what": "window_opens", "at": "2026-11-20T22:30:00.000Z"}},
        {"name": "a\u001bb", "state": "paused", "why": "paused by the name of its file"},
        {"name": "c", "state": "running", "why": null, "selected": 1,
         "next_event": {"what": "window_closes", "at": "2026-11-21T06:00:00.000Z"}}]})");
    BOOST_TEST(
        says(text, "Re-verification ticket night: 1200 of 5000 cases done, 80 of them changed and 20 failed.\n"
                   "  It does not run: outside its window, 22:30-06:00 UTC; it goes on at 2026-11-20 22:30:00 UTC.\n"));
    BOOST_TEST(says(text, "ticket a\\x1bb: 0 of 0 cases done"));
    BOOST_TEST(says(text, "paused by the name of its file; whoever looks after kycd has to resume it.\n"));
    BOOST_TEST(says(text, "0 of 1 case done, 0 of them changed and 0 failed.\n"
                          "  It runs; its window closes at 2026-11-21 06:00:00 UTC.\n"));
}

BOOST_AUTO_TEST_SUITE_END()
