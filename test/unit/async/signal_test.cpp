#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

using namespace kyc::async;
using namespace std::chrono_literals;

namespace {

awaitable<void> count_wakeups(signal& bell, int& woken) {
    co_await bell.wait();
    ++woken;
}

awaitable<void> everybody_wakes(boost::asio::io_context& loop) {
    signal bell(loop.get_executor());
    task_group tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    int woken = 0;
    for (int i = 0; i < 3; ++i)
        tasks.spawn(count_wakeups(bell, woken));
    co_await boost::asio::post(boost::asio::use_awaitable);
    BOOST_TEST(woken == 0);
    bell.notify_all();
    co_await tasks.join();
    BOOST_TEST(woken == 3);
}

awaitable<void> note_answer(signal& bell, std::chrono::milliseconds limit, int& answer) {
    const bool notified = co_await bell.wait_for(limit);
    answer = notified ? 1 : 0;
}

awaitable<void> limits_are_told_from_notices(boost::asio::io_context& loop) {
    signal bell(loop.get_executor());
    task_group tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    int timed_out = -1;
    int notified = -1;
    tasks.spawn(note_answer(bell, 1ms, timed_out));
    co_await tasks.join();
    BOOST_TEST(timed_out == 0);
    tasks.spawn(note_answer(bell, 1h, notified));
    co_await boost::asio::post(boost::asio::use_awaitable);
    co_await boost::asio::post(boost::asio::use_awaitable);
    bell.notify_all();
    co_await tasks.join();
    BOOST_TEST(notified == 1);
}

awaitable<void> cancelling_ends_waits(boost::asio::io_context& loop) {
    signal bell(loop.get_executor());
    task_group tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    int woken = 0;
    int answer = -1;
    tasks.spawn(count_wakeups(bell, woken));
    tasks.spawn(note_answer(bell, 1h, answer));
    tasks.spawn(sleep_for(1h));
    co_await boost::asio::post(boost::asio::use_awaitable);
    tasks.cancel();
    co_await tasks.join();
    BOOST_TEST(woken == 0);
    BOOST_TEST(answer == -1);
}

} // namespace

BOOST_AUTO_TEST_SUITE(signal_suite)

BOOST_AUTO_TEST_CASE(a_notice_wakes_everybody_who_waits) {
    boost::asio::io_context loop;
    kyc::test::run_coroutine(loop, everybody_wakes(loop));
}

BOOST_AUTO_TEST_CASE(a_wait_with_a_limit_tells_a_notice_from_the_end_of_its_time) {
    boost::asio::io_context loop;
    kyc::test::run_coroutine(loop, limits_are_told_from_notices(loop));
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_does_not_return) {
    boost::asio::io_context loop;
    kyc::test::run_coroutine(loop, cancelling_ends_waits(loop));
}

BOOST_AUTO_TEST_SUITE_END()
