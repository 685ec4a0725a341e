#include "systemd/service_state.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace kyc;

service_state running() {
    service_state state;
    state.at = service_state::phase::running;
    return state;
}

} // namespace

BOOST_AUTO_TEST_SUITE(service_state_suite)

BOOST_AUTO_TEST_CASE(the_line_counts_what_is_there_and_nothing_else) {
    auto state = running();
    BOOST_TEST(status_words(state) == "nothing to do");
    state.uploading = 12;
    state.pending = 340;
    state.oldest = std::chrono::seconds(41);
    BOOST_TEST(status_words(state) == "12 uploading, 340 waiting for answers, oldest 41 s");
    state.before = 3;
    state.inbox = 1000;
    state.oldest = std::chrono::minutes(61);
    BOOST_TEST(status_words(state) ==
               "12 uploading, 340 waiting for answers, 3 to be sent, 1000 in the inbox, oldest 61 min");
}

BOOST_AUTO_TEST_CASE(an_age_is_as_fine_as_it_has_to_be) {
    auto state = running();
    state.pending = 1;
    const auto with = [&state](std::chrono::seconds age) {
        state.oldest = age;
        return status_words(state);
    };
    BOOST_TEST(with(std::chrono::seconds(119)) == "1 waiting for answers, oldest 119 s");
    BOOST_TEST(with(std::chrono::seconds(120)) == "1 waiting for answers, oldest 2 min");
    BOOST_TEST(with(std::chrono::hours(2)) == "1 waiting for answers, oldest 2 h");
    BOOST_TEST(with(std::chrono::hours(48)) == "1 waiting for answers, oldest 2 d");
    BOOST_TEST(with(std::chrono::seconds(-3)) == "1 waiting for answers, oldest 0 s"); // a clock that was set back
}

BOOST_AUTO_TEST_CASE(what_keeps_cases_from_moving_comes_first) {
    auto state = running();
    state.pending = 340;
    state.paused = {"the API is down: submit: timeout", "ocr_card takes no cases for now: HTTP 403"};
    BOOST_TEST(status_words(state) == "paused: the API is down: submit: timeout; paused: ocr_card takes no cases for "
                                      "now: HTTP 403; 340 waiting for answers");
    state.stuck = "ledger: has not moved for 301 s";
    BOOST_TEST(status_words(state).starts_with("standing still: ledger: has not moved for 301 s; paused: "));
}

BOOST_AUTO_TEST_CASE(a_long_reason_does_not_push_the_counts_out) {
    auto state = running();
    state.pending = 1;
    state.paused = {std::string(5000, 'x')};
    const auto line = status_words(state);
    BOOST_TEST(line.size() < 300U);
    BOOST_TEST(line.ends_with("; 1 waiting for answers"));
}

BOOST_AUTO_TEST_CASE(a_stop_tells_what_it_waits_for) {
    service_state state;
    state.at = service_state::phase::stopping;
    state.pending = 340;
    BOOST_TEST(status_words(state) == "stopping: what is known goes to disk");
    state.uploading = 1;
    BOOST_TEST(status_words(state) == "stopping: 1 upload to finish; tasks are polled on at the next start");
    state.uploading = 2;
    BOOST_TEST(status_words(state) == "stopping: 2 uploads to finish; tasks are polled on at the next start");
}

BOOST_AUTO_TEST_SUITE_END()
