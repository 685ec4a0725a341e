#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "async/turns.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc::async;
using namespace std::chrono_literals;
using lane = turns::lane;
using std::chrono::steady_clock;

namespace {

/// Coroutines that wait for their turn and then write their letter.
struct queue {
    boost::asio::io_context loop;
    turns waiting{loop.get_executor()};
    task_group group{loop.get_executor(), [](const std::exception_ptr&) {}};
    steady_clock::time_point ready_at = steady_clock::time_point::max();
    std::string order;

    awaitable<void> go(lane which, char letter) {
        turns::place place(waiting, which);
        for (;;) {
            if (place.is_next() && ready_at <= steady_clock::now()) {
                place.take();
                order += letter;
                co_return;
            }
            co_await place.sleep_until(ready_at);
        }
    }

    void spawn(lane which, const std::string& letters) {
        for (const char letter : letters)
            group.spawn(go(which, letter));
    }

    void open(steady_clock::time_point when) {
        ready_at = when;
        waiting.wake_next();
    }

    /// Everything that can happen without waiting.
    void settle() {
        loop.restart();
        loop.poll();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(turns_suite, queue)

BOOST_AUTO_TEST_CASE(nobody_goes_before_the_time_has_come) {
    spawn(lane::first, "ab");
    settle();
    BOOST_TEST(order.empty());
    open(steady_clock::now() + 5ms);
    loop.restart();
    loop.run();
    BOOST_TEST(order == "ab");
}

BOOST_AUTO_TEST_CASE(the_lanes_take_turns_and_each_keeps_its_order) {
    spawn(lane::first, "abc");
    spawn(lane::second, "xyz");
    settle();
    open(steady_clock::now());
    settle();
    BOOST_TEST(order == "axbycz");
}

BOOST_AUTO_TEST_CASE(a_lane_that_is_alone_waits_for_nobody) {
    spawn(lane::second, "xyz");
    settle();
    open(steady_clock::now());
    settle();
    BOOST_TEST(order == "xyz");
}

BOOST_AUTO_TEST_CASE(who_comes_later_to_the_other_lane_may_be_next) {
    spawn(lane::first, "ab");
    spawn(lane::second, "x");
    settle();
    open(steady_clock::now());
    settle();
    ready_at = steady_clock::time_point::max();
    order.clear();
    spawn(lane::first, "cd");
    settle();
    spawn(lane::second, "y");
    settle();
    open(steady_clock::now());
    settle();
    BOOST_TEST(order == "ycd"); // the first lane had the last turn
}

BOOST_AUTO_TEST_CASE(one_who_is_cancelled_leaves_the_turn_to_the_next) {
    task_group other(loop.get_executor(), [](const std::exception_ptr&) {});
    other.spawn(go(lane::first, 'a'));
    spawn(lane::first, "b");
    settle();
    ready_at = steady_clock::now();
    other.cancel();
    settle();
    BOOST_TEST(order == "b");
}

BOOST_AUTO_TEST_CASE(all_can_be_woken_to_look_again) {
    spawn(lane::first, "abc");
    settle();
    ready_at = steady_clock::now();
    waiting.wake_all();
    settle();
    BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_SUITE_END()
