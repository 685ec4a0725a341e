#include "async/permits.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc::async;

namespace {

/// A loop, a semaphore, and tasks that take, note their name, wait for leave to go, and give back.
struct world {
    explicit world(std::uint64_t limit)
        : free(loop.get_executor(), limit), go(loop.get_executor()),
          tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }) {}

    awaitable<void> worker(char name, std::uint64_t count) {
        auto mine = co_await free.acquire(count);
        order += name;
        most = std::max(most, free.used());
        while (!leave)
            co_await go.wait();
    }

    /// Lets everything that can run, run.
    awaitable<void> settle() {
        for (int turn = 0; turn < 20; ++turn)
            co_await boost::asio::post(boost::asio::use_awaitable);
    }

    boost::asio::io_context loop;
    permits free;
    signal go;
    task_group tasks;
    std::string order;
    std::uint64_t most = 0;
    bool leave = false;
};

awaitable<void> three_ask_for_two(world& w) {
    w.tasks.spawn(w.worker('a', 1));
    w.tasks.spawn(w.worker('b', 1));
    w.tasks.spawn(w.worker('c', 1));
    co_await w.settle();
    BOOST_TEST(w.order == "ab");
    BOOST_TEST(w.free.waiting() == 1u);
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
    BOOST_TEST(w.order == "abc");
    BOOST_TEST(w.free.used() == 0u);
}

awaitable<void> a_large_one_is_not_overtaken(world& w) {
    w.tasks.spawn(w.worker('a', 3));
    w.tasks.spawn(w.worker('L', 4));
    w.tasks.spawn(w.worker('s', 1));
    co_await w.settle();
    BOOST_TEST(w.order == "a"); // the small one would fit, but stands behind the large one
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
    BOOST_TEST(w.order == "aLs");
}

awaitable<void> one_over_the_limit_runs_alone(world& w) {
    w.tasks.spawn(w.worker('X', 99));
    w.tasks.spawn(w.worker('s', 1));
    co_await w.settle();
    BOOST_TEST(w.order == "X");
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
    BOOST_TEST(w.order == "Xs");
    BOOST_TEST(w.free.used() == 0u);
}

awaitable<void> cancelled_in_the_turn_it_is_served(world& w) {
    auto held = co_await w.free.acquire(1);
    task_group doomed(w.loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    doomed.spawn(w.worker('d', 1));
    w.tasks.spawn(w.worker('n', 1));
    co_await w.settle();
    held.release();  // serves d ...
    doomed.cancel(); // ... who is cancelled before it runs
    co_await doomed.join();
    co_await w.settle();
    BOOST_TEST(w.order == "n");
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
    BOOST_TEST(w.free.used() == 0u);
}

awaitable<void> a_waiter_that_gives_up_lets_the_next_one_through(world& w) {
    auto held = co_await w.free.acquire(3);
    task_group doomed(w.loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    doomed.spawn(w.worker('L', 4));
    w.tasks.spawn(w.worker('s', 1));
    co_await w.settle();
    BOOST_TEST(w.order == "");
    doomed.cancel();
    co_await doomed.join();
    co_await w.settle();
    BOOST_TEST(w.order == "s");
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
}

awaitable<void> raising_the_limit_serves_the_queue(world& w) {
    for (char name : {'a', 'b', 'c'})
        w.tasks.spawn(w.worker(name, 1));
    co_await w.settle();
    BOOST_TEST(w.order == "a");
    w.free.set_limit(3);
    co_await w.settle();
    BOOST_TEST(w.order == "abc");
    w.leave = true;
    w.go.notify_all();
    co_await w.tasks.join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(permits_suite)

BOOST_AUTO_TEST_CASE(only_as_many_as_the_limit_hold_a_permit) {
    world w(2);
    kyc::test::run_coroutine(w.loop, three_ask_for_two(w));
    BOOST_TEST(w.most == 2u);
}

BOOST_AUTO_TEST_CASE(a_large_request_is_not_overtaken_by_small_ones) {
    world w(4);
    kyc::test::run_coroutine(w.loop, a_large_one_is_not_overtaken(w));
}

BOOST_AUTO_TEST_CASE(a_request_over_the_limit_is_served_alone) {
    world w(4);
    kyc::test::run_coroutine(w.loop, one_over_the_limit_runs_alone(w));
}

BOOST_AUTO_TEST_CASE(a_permit_served_to_a_cancelled_waiter_goes_to_the_next) {
    world w(1);
    kyc::test::run_coroutine(w.loop, cancelled_in_the_turn_it_is_served(w));
}

BOOST_AUTO_TEST_CASE(a_cancelled_large_request_does_not_block_those_behind_it) {
    world w(4);
    kyc::test::run_coroutine(w.loop, a_waiter_that_gives_up_lets_the_next_one_through(w));
}

BOOST_AUTO_TEST_CASE(a_raised_limit_takes_effect_at_once) {
    world w(1);
    kyc::test::run_coroutine(w.loop, raising_the_limit_serves_the_queue(w));
}

BOOST_AUTO_TEST_SUITE_END()
