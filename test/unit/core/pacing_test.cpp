#include "core/pacing.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(pacing)

BOOST_AUTO_TEST_CASE(backoff_doubles_up_to_its_ceiling) {
    retry_settings rules;
    rules.base = 500ms;
    rules.max = 60s;
    BOOST_TEST(backoff_delay(rules, 1, 0.5).count() == 500);
    BOOST_TEST(backoff_delay(rules, 2, 0.5).count() == 1000);
    BOOST_TEST(backoff_delay(rules, 3, 0.25).count() == 1000);
    BOOST_TEST(backoff_delay(rules, 20, 0.5).count() == 30'000);
    BOOST_TEST(backoff_delay(rules, 100'000, 0.5).count() == 30'000);
}

BOOST_AUTO_TEST_CASE(backoff_never_falls_under_a_tenth_of_its_base) {
    retry_settings rules;
    rules.base = 500ms;
    for (std::size_t failures = 1; failures < 40; ++failures)
        BOOST_TEST(backoff_delay(rules, failures, 0.0).count() == 50);
}

BOOST_AUTO_TEST_CASE(the_exponential_plan_begins_with_its_first_gap_or_with_the_shortest) {
    poll_settings plan;
    plan.jitter = 0;
    BOOST_TEST(poll_delay(plan, 0, 0.3).count() == plan.min.count());
    BOOST_TEST(poll_delay(plan, 1, 0.3).count() == 800);
    plan.first = 7s;
    BOOST_TEST(poll_delay(plan, 0, 0.3).count() == 7000);
    BOOST_TEST(poll_delay(plan, 1, 0.3).count() == plan.min.count());
}

BOOST_AUTO_TEST_CASE(a_task_that_never_ends_is_polled_ever_more_slowly_until_its_deadline) {
    poll_settings plan;
    plan.jitter = 0;
    plan.first = 2s;
    std::chrono::milliseconds clock{0};
    std::chrono::milliseconds last{0};
    std::size_t polls = 0;
    while (true) {
        const auto delay = poll_delay(plan, polls, 0.5);
        if (polls == 0) BOOST_TEST(delay.count() == 2000);
        if (polls == 1) BOOST_TEST(delay.count() == 500);
        if (polls == 2) BOOST_TEST(delay.count() == 800);
        if (polls > 1) BOOST_TEST(delay >= last);
        BOOST_TEST(delay <= plan.max);
        if (clock + delay > plan.deadline) break;
        clock += delay;
        last = delay;
        ++polls;
    }
    BOOST_TEST(polls > 60u);
    BOOST_TEST(polls < 80u);
    BOOST_TEST(last == plan.max);
}

BOOST_AUTO_TEST_CASE(jitter_spreads_a_poll_by_its_share_to_both_sides) {
    poll_settings plan;
    plan.jitter = 0.2;
    plan.first = 10s;
    BOOST_TEST(poll_delay(plan, 0, 0.0).count() == 8000);
    BOOST_TEST(poll_delay(plan, 0, 0.5).count() == 10'000);
    BOOST_TEST(poll_delay(plan, 0, 1.0).count() == 12'000);
}

BOOST_AUTO_TEST_SUITE_END()
