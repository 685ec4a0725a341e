#include "async/task_group.hpp"
#include "support/run_coroutine.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

using namespace kyc::async;
using namespace std::chrono_literals;

namespace {

awaitable<void> fail_with(std::string words) {
    throw std::runtime_error(words);
    co_return;
}

awaitable<void> sleep_an_hour_and_count(int& ended) {
    struct on_exit {
        int& count;

        ~on_exit() { ++count; }
    };

    const on_exit counter{ended};
    co_await sleep_for(1h);
}

awaitable<void> join_reports(boost::asio::io_context& loop, std::vector<std::string>& thrown) {
    task_group tasks(loop.get_executor(), [&](const std::exception_ptr& error) {
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            thrown.emplace_back(e.what());
        }
    });
    tasks.spawn(fail_with("one"));
    tasks.spawn(fail_with("two"));
    co_await tasks.join();
    BOOST_TEST(tasks.size() == 0u);
}

awaitable<void> cancel_ends_all(boost::asio::io_context& loop, int& ended, int& reported) {
    task_group tasks(loop.get_executor(), [&](const std::exception_ptr&) { ++reported; });
    for (int i = 0; i < 100; ++i)
        tasks.spawn(sleep_an_hour_and_count(ended));
    co_await sleep_for(0s);
    tasks.cancel();
    co_await tasks.join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(task_group_suite)

BOOST_AUTO_TEST_CASE(what_a_task_throws_is_reported_and_never_lost) {
    boost::asio::io_context loop;
    std::vector<std::string> thrown;
    kyc::test::run_coroutine(loop, join_reports(loop, thrown));
    BOOST_TEST(thrown == (std::vector<std::string>{"one", "two"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(cancel_unwinds_every_task_and_is_no_error) {
    boost::asio::io_context loop;
    int ended = 0;
    int reported = 0;
    kyc::test::run_coroutine(loop, cancel_ends_all(loop, ended, reported));
    BOOST_TEST(ended == 100);
    BOOST_TEST(reported == 0);
}

BOOST_AUTO_TEST_SUITE_END()
