#include "core/breaker.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

const steady_time start{1000h};

host_breaker opened() {
    host_breaker breaker{retry_settings{}};
    for (int i = 0; i < 5; ++i)
        breaker.trouble(start, false, 0.5);
    return breaker;
}

} // namespace

BOOST_AUTO_TEST_SUITE(breaker)

BOOST_AUTO_TEST_CASE(five_troubles_in_a_row_open_it_and_a_success_between_does_not) {
    host_breaker breaker{retry_settings{}};
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(!breaker.trouble(start, false, 0.5));
    BOOST_TEST(!breaker.success());
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(!breaker.trouble(start, false, 0.5));
    BOOST_TEST(!breaker.wait_until(start).has_value());
    BOOST_TEST(breaker.trouble(start, false, 0.5));
    BOOST_TEST(breaker.is_open());
    BOOST_TEST((breaker.wait_until(start) == start + 500ms));
}

BOOST_AUTO_TEST_CASE(one_probe_at_a_time_and_each_later_than_the_last) {
    auto breaker = opened();
    auto now = start + 500ms;
    for (const auto next : {1000ms, 2000ms, 4000ms}) {
        BOOST_TEST(!breaker.wait_until(now).has_value());
        BOOST_TEST(breaker.take());
        BOOST_TEST((breaker.wait_until(now) == until_notified));
        // What began before the breaker opened does not count as the probe.
        BOOST_TEST(!breaker.trouble(now, false, 0.5));
        BOOST_TEST((breaker.wait_until(now) == until_notified));
        BOOST_TEST(!breaker.trouble(now, true, 0.5));
        BOOST_TEST((breaker.wait_until(now) == now + next));
        now += next;
    }
    BOOST_TEST(breaker.take());
    breaker.give_back();
    BOOST_TEST(!breaker.wait_until(now).has_value());
    BOOST_TEST(breaker.take());
    BOOST_TEST(breaker.success());
    BOOST_TEST(!breaker.is_open());
    BOOST_TEST(!breaker.take());
}

BOOST_AUTO_TEST_CASE(a_probe_can_be_brought_forward_but_not_doubled) {
    auto breaker = opened();
    breaker.try_now();
    BOOST_TEST(!breaker.wait_until(start).has_value());
    BOOST_TEST(breaker.take());
    breaker.try_now();
    BOOST_TEST((breaker.wait_until(start) == until_notified));
}

BOOST_AUTO_TEST_CASE(a_trouble_is_charged_only_when_others_got_through) {
    host_breaker breaker{retry_settings{}};
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
    breaker.success();
    BOOST_TEST(breaker.charge("case", breaker.successes()));
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
    breaker.success(false);
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
    breaker.success();
    breaker.forget("case");
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
    breaker.success();
    for (int i = 0; i < 5; ++i)
        breaker.trouble(start, false, 0.5);
    BOOST_TEST(!breaker.charge("case", breaker.successes()));
}

BOOST_AUTO_TEST_CASE(the_first_of_a_cases_503s_says_nothing_about_the_case) {
    host_breaker breaker{retry_settings{}};
    for (int i = 0; i < 2; ++i) {
        const auto at_start = breaker.successes();
        breaker.success();
        BOOST_TEST(!breaker.charge("case", at_start, true));
        breaker.success();
        BOOST_TEST(breaker.charge("case", at_start, true));
        breaker.success();
        breaker.trouble(start, false, 0.5); // another case's
        BOOST_TEST(!breaker.charge("case", at_start, true));
        breaker.success();
        BOOST_TEST(breaker.charge("case", at_start, true));
        breaker.forget("case");
    }
}

BOOST_AUTO_TEST_CASE(no_probe_goes_before_the_time_that_the_host_named) {
    auto breaker = opened();
    const auto now = start + 500ms;
    BOOST_TEST(breaker.take());
    breaker.trouble(now, true, 0.5, 30s);
    BOOST_TEST((breaker.wait_until(now) == now + 30s));
}

BOOST_AUTO_TEST_CASE(five_refusals_of_one_status_pause_a_service) {
    refusal_streak streak{60s, 15min};
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(!streak.refused(403, start, false));
    BOOST_TEST(!streak.refused(404, start, false));
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(!streak.refused(404, start, false));
    streak.success(false);
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(!streak.refused(404, start, false));
    BOOST_TEST(streak.refused(404, start, false));
    BOOST_TEST(streak.is_paused());
}

BOOST_AUTO_TEST_CASE(a_paused_service_is_probed_after_a_minute_then_ever_later_and_only_the_probe_resumes_it) {
    refusal_streak streak{60s, 15min};
    for (int i = 0; i < 5; ++i)
        streak.refused(403, start, false);
    auto now = start;
    for (const auto wait : {60s, 120s, 240s, 480s, 900s, 900s}) {
        BOOST_TEST((streak.wait_until(now) == now + wait));
        now += wait;
        BOOST_TEST(!streak.wait_until(now).has_value());
        BOOST_TEST(streak.take());
        BOOST_TEST((streak.wait_until(now) == until_notified));
        BOOST_TEST(!streak.success(false));
        BOOST_TEST(!streak.refused(403, now, true));
    }
    now += 900s;
    BOOST_TEST(streak.take());
    BOOST_TEST(streak.success(true));
    BOOST_TEST(!streak.wait_until(now).has_value());
}

BOOST_AUTO_TEST_CASE(a_silent_service_is_tried_by_one_at_a_time_once_others_got_through) {
    silence_streak streak{60s, 15min};
    for (std::size_t i = 0; i < 4; ++i)
        streak.silent(start, false, true);
    BOOST_TEST(!streak.others_got_through(start));
    streak.silent(start, false, true);
    BOOST_TEST(streak.is_suspect());
    BOOST_TEST(!streak.take()); // it may be the host
    BOOST_TEST(streak.others_got_through(start));
    auto now = start + silence_streak::before_first_try;
    BOOST_TEST((streak.wait_until(start) == now));
    BOOST_TEST(streak.take());
    BOOST_TEST((streak.wait_until(now) == until_notified));
    BOOST_TEST(!streak.silent(now, false, true)); // sent before
    BOOST_TEST((streak.wait_until(now) == until_notified));
    BOOST_TEST(!streak.silent(now, true, false)); // nobody got through
    BOOST_TEST(!streak.is_to_blame());
    BOOST_TEST(streak.take());
    BOOST_TEST(streak.silent(now, true, true));
    BOOST_TEST(streak.is_to_blame());
    for (const auto wait : {60s, 120s, 240s, 480s, 900s, 900s}) {
        BOOST_TEST((streak.wait_until(now) == now + wait));
        now += wait;
        BOOST_TEST(streak.take());
        BOOST_TEST(!streak.silent(now, true, false));
    }
    BOOST_TEST(streak.answered());
    BOOST_TEST(!streak.is_suspect());
    BOOST_TEST(!streak.is_to_blame());
    BOOST_TEST(!streak.wait_until(now).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
