#include "case_world_fixture.hpp"
#include "life/pending_tasks.hpp"
#include "support/run_coroutine.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;
using kyc::test::waiting_world;

namespace {

using names = std::vector<std::string>;

async::awaitable<void> those_due_go_in_order(waiting_world& w) {
    w.polls.set_limit(2);
    co_await w.add("third", -1s);
    co_await w.add("first", -3s);
    co_await w.add("later", 1h);
    co_await w.add("fourth", 0s);
    co_await w.add("second", -2s);
    w.pending->start(w.keepers);
    co_await w.settle();
    BOOST_TEST(w.api.asked == (names{"first", "second"}), boost::test_tools::per_element());
    BOOST_TEST(w.pending->size() == 3u); // two more are due: no coroutine waits for a poll permit
    BOOST_TEST(w.cases.size() == 2u);
    co_await w.allow_replies(1);
    BOOST_TEST(w.api.asked == (names{"first", "second", "third"}), boost::test_tools::per_element());
    BOOST_TEST(w.pending->size() == 3u); // the first one is back, for an hour
    co_await w.allow_replies(4);
    BOOST_TEST(w.api.asked == (names{"first", "second", "third", "fourth"}), boost::test_tools::per_element());
    BOOST_TEST(w.pending->size() == 5u);
    BOOST_TEST(w.cases.size() == 0u);
    BOOST_TEST(w.polls.used() == 0u);
    co_await w.stop();
}

async::awaitable<void> an_earlier_one_wakes(waiting_world& w) {
    w.pending->start(w.keepers);
    co_await w.settle(); // sleeps for the first to come
    co_await w.add("in two hours", 2h);
    co_await w.settle();
    co_await w.add("in one hour", 1h);
    co_await w.settle();
    BOOST_TEST(w.api.asked.empty());
    co_await w.add("now", 0s);
    co_await w.settle();
    BOOST_TEST(w.api.asked == names{"now"}, boost::test_tools::per_element());
    co_await w.stop();
}

async::awaitable<void> repeats_wait_alone(waiting_world& w) {
    w.polls.set_limit(2);
    w.api.repeats_allowed = false;
    co_await w.add("repeat", -2s, true);
    co_await w.add("new", -1s);
    w.pending->start(w.keepers);
    co_await w.settle();
    BOOST_TEST(w.api.asked == names{"new"}, boost::test_tools::per_element());
    w.api.repeats_allowed = true;
    w.api.changed.notify_all();
    co_await w.settle();
    BOOST_TEST(w.api.asked == (names{"new", "repeat"}), boost::test_tools::per_element());
    co_await w.stop();
}

async::awaitable<void> a_turn_that_is_refused_is_asked_for_again(waiting_world& w) {
    w.api.turns_refused = 3;
    co_await w.add("A", 0s);
    w.pending->start(w.keepers);
    co_await w.settle();
    BOOST_TEST(w.api.asked == names{"A"}, boost::test_tools::per_element());
    BOOST_TEST(w.polls.used() == 1u);
    co_await w.stop();
    BOOST_TEST(w.polls.used() == 0u);
}

async::awaitable<void> waits_from_poll_to_poll(waiting_world& w) {
    w.config->poll.first = w.config->poll.min = w.config->poll.max = 0ms;
    auto run = co_await w.case_with_task("A");
    run->start.before_receipt = co_await w.before_receipt.acquire();
    const auto& record = run->record();
    w.pending->start(w.keepers);
    w.cases.spawn(process_case(std::move(run), poll_leave()));
    co_await w.settle();
    BOOST_TEST(w.before_receipt.used() == 0u); // it has its receipt
    for (std::size_t polls = 1; polls <= 3; ++polls) {
        BOOST_TEST(w.api.asked.size() == polls);
        BOOST_TEST(record.polls == polls - 1);
        if (polls < 3) co_await w.allow_replies(polls);
    }
    BOOST_TEST(w.count.open() == 1u);
    co_await w.stop();
    BOOST_TEST(w.count.open() == 0u);
}

async::awaitable<void> the_rest_is_dropped(waiting_world& w) {
    co_await w.add("asked", -1s);
    co_await w.add("due", 0s);
    co_await w.add("later", 1h);
    w.pending->start(w.keepers);
    co_await w.settle();
    BOOST_TEST(w.count.open() == 3u);
    co_await w.stop();
    BOOST_TEST(w.count.open() == 2u);
    w.pending.reset();
    BOOST_TEST(w.count.open() == 0u);
    BOOST_TEST(w.unanswered.used() == 0u);
    BOOST_TEST(w.world->in_hand.empty());
}

} // namespace

BOOST_AUTO_TEST_SUITE(pending_tasks_suite)

BOOST_AUTO_TEST_CASE(those_due_are_asked_for_in_order_and_never_more_than_limits_polls_at_a_time) {
    waiting_world w;
    test::run_coroutine(w.loop, those_due_go_in_order(w));
}

BOOST_AUTO_TEST_CASE(one_that_comes_later_with_an_earlier_time_is_not_slept_through) {
    waiting_world w;
    test::run_coroutine(w.loop, an_earlier_one_wakes(w));
}

BOOST_AUTO_TEST_CASE(repeats_that_the_api_holds_back_hold_up_nobody_else) {
    waiting_world w;
    test::run_coroutine(w.loop, repeats_wait_alone(w));
}

BOOST_AUTO_TEST_CASE(a_change_while_it_stood_in_line_starts_over_with_the_poll_permit_given_back) {
    waiting_world w;
    test::run_coroutine(w.loop, a_turn_that_is_refused_is_asked_for_again(w));
}

BOOST_AUTO_TEST_CASE(a_case_waits_from_poll_to_poll_with_its_record_in_mind) {
    waiting_world w;
    test::run_coroutine(w.loop, waits_from_poll_to_poll(w));
}

BOOST_AUTO_TEST_CASE(a_stop_drops_what_waits_and_the_marks_and_permits_it_held) {
    waiting_world w;
    test::run_coroutine(w.loop, the_rest_is_dropped(w));
}

BOOST_AUTO_TEST_SUITE_END()
