#include "async/blocking_pool.hpp"
#include "support/run_coroutine.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <thread>

using namespace kyc::async;

namespace {

awaitable<void> runs_elsewhere(blocking_pool& pool) {
    const auto here = std::this_thread::get_id();
    auto big = std::make_unique<std::string>(1000, 'x');
    auto work = [big = std::move(big)] { return std::make_pair(std::this_thread::get_id(), big->size()); };
    const auto [there, size] = co_await pool.run(std::move(work));
    BOOST_TEST((there != here));
    BOOST_TEST((std::this_thread::get_id() == here));
    BOOST_TEST(size == 1000u);
    int touched = 0;
    auto nothing = [&touched] { touched = 7; };
    co_await pool.run(nothing);
    BOOST_TEST(touched == 7);
}

awaitable<void> carries_exceptions(blocking_pool& pool) {
    auto work = []() -> std::string { throw std::runtime_error("from the pool"); };
    std::string caught;
    try {
        (void)co_await pool.run(work);
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
    BOOST_TEST(caught == "from the pool");
}

} // namespace

BOOST_AUTO_TEST_SUITE(blocking_pool_suite)

BOOST_AUTO_TEST_CASE(work_runs_on_a_pool_thread_and_its_value_comes_back_to_the_loop) {
    boost::asio::io_context loop;
    blocking_pool pool(2);
    kyc::test::run_coroutine(loop, runs_elsewhere(pool));
}

BOOST_AUTO_TEST_CASE(what_work_throws_is_thrown_to_the_caller) {
    boost::asio::io_context loop;
    blocking_pool pool(1);
    kyc::test::run_coroutine(loop, carries_exceptions(pool));
}

BOOST_AUTO_TEST_SUITE_END()
