#include "core/retry_budget.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

const steady_time start{1000h};

retry_settings of(std::size_t budget) {
    retry_settings rules;
    rules.budget = budget;
    return rules;
}

} // namespace

BOOST_AUTO_TEST_SUITE(retry_budgets)

BOOST_AUTO_TEST_CASE(a_failed_repeat_costs_five_and_successes_pay_back) {
    retry_budget budget(of(500));
    BOOST_TEST(!budget.failed(start, 0.5));
    BOOST_TEST(budget.left() == 495u);
    budget.succeeded(false);
    BOOST_TEST(budget.left() == 496u);
    budget.succeeded(true);
    BOOST_TEST(budget.left() == 500u);
    budget.succeeded(true);
    BOOST_TEST(budget.left() == 500u);
    BOOST_TEST(!budget.wait_until(start).has_value());
    BOOST_TEST(!budget.take());
}

BOOST_AUTO_TEST_CASE(an_empty_budget_lets_one_repeat_at_a_time_through_with_backoff) {
    retry_budget budget(of(12));
    BOOST_TEST(!budget.failed(start, 0.5));
    BOOST_TEST(budget.failed(start, 0.5));
    BOOST_TEST(budget.is_empty());
    BOOST_TEST((budget.wait_until(start) == start + 500ms));
    auto now = start + 500ms;
    for (const auto next : {1000ms, 2000ms, 4000ms}) {
        BOOST_TEST(!budget.wait_until(now).has_value());
        BOOST_TEST(budget.take());
        BOOST_TEST((budget.wait_until(now) == until_notified));
        BOOST_TEST(!budget.failed(now, 0.5)); // it has been said
        BOOST_TEST((budget.wait_until(now) == now + next));
        now += next;
    }
    BOOST_TEST(budget.take());
    budget.give_back();
    BOOST_TEST(!budget.wait_until(now).has_value());
}

BOOST_AUTO_TEST_CASE(it_ends_when_half_has_been_paid_back) {
    retry_budget budget(of(100));
    for (int i = 0; i < 20; ++i)
        budget.failed(start, 0.5);
    BOOST_TEST(budget.is_empty());
    BOOST_TEST(budget.left() == 0u);
    const auto later = start + 10s;
    BOOST_TEST(budget.take());
    BOOST_TEST(!budget.succeeded(true));
    // The next one goes at once.
    BOOST_TEST(!budget.wait_until(start).has_value());
    BOOST_TEST(budget.take());
    for (int i = 0; i < 44; ++i)
        BOOST_TEST(!budget.succeeded(false));
    BOOST_TEST((budget.wait_until(later) == until_notified));
    BOOST_TEST(budget.succeeded(false));
    BOOST_TEST(!budget.is_empty());
    BOOST_TEST(!budget.wait_until(later).has_value());
}

BOOST_AUTO_TEST_CASE(a_budget_smaller_than_one_repeat_still_ends) {
    retry_budget budget(of(1));
    BOOST_TEST(budget.failed(start, 0.5));
    BOOST_TEST(budget.succeeded(false));
    BOOST_TEST(!budget.is_empty());
}

BOOST_AUTO_TEST_CASE(a_reload_keeps_what_was_spent) {
    retry_budget budget(of(100));
    budget.failed(start, 0.5);
    budget.failed(start, 0.5);
    budget.set_rules(of(500));
    BOOST_TEST(budget.left() == 490u);
    budget.set_rules(of(5));
    BOOST_TEST(budget.left() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
