#include "async/loop_latency.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <ctime>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;
using kyc::async::loop_latency;
using kyc::async::run_measured;

namespace {

/// What this thread has had of the processor.
std::chrono::nanoseconds used() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

/// A handler that uses the processor for so long, whatever else takes it away meanwhile, or only blocks.
void hold_up(std::chrono::milliseconds time, bool busy) {
    if (!busy) return std::this_thread::sleep_for(time);
    const auto ends = used() + time;
    while (used() < ends)
        continue;
}

} // namespace

BOOST_AUTO_TEST_SUITE(loop_latency_)

BOOST_AUTO_TEST_CASE(each_turn_falls_into_the_first_bucket_that_holds_it) {
    loop_latency seen;
    BOOST_TEST(seen.turns() == 0u);
    for (const auto turn : {0ns, 20'000ns, 20'001ns, 1'000'000ns, 1'000'001ns, 999'999'999ns, 3'000'000'000ns})
        seen.add(turn);
    BOOST_TEST(seen.buckets()[0] == 2u);
    BOOST_TEST(seen.buckets()[1] == 1u);
    BOOST_TEST(seen.buckets()[5] == 1u); // up to 1 ms
    BOOST_TEST(seen.buckets()[6] == 1u);
    BOOST_TEST(seen.buckets()[12] == 1u);
    BOOST_TEST(seen.buckets()[13] == 1u); // over 1 s
    BOOST_TEST(seen.turns() == 7u);
    BOOST_TEST(seen.too_long() == 3u);
    BOOST_TEST((seen.longest() == 3s));
    BOOST_TEST((seen.sum() == 4'002'040'001ns));
}

BOOST_AUTO_TEST_CASE(what_was_crowded_out_is_in_the_histogram_and_no_fault_of_ours) {
    loop_latency seen;
    seen.add(2ms);
    seen.add(300ms, true);
    BOOST_TEST(seen.turns() == 2u);
    BOOST_TEST(seen.too_long() == 1u);
    BOOST_TEST(seen.crowded_out() == 1u);
    BOOST_TEST((seen.longest() == 2ms));
    BOOST_TEST(seen.buckets()[12] == 1u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_blocks_is_found) {
    for (const bool busy : {true, false}) {
        boost::asio::io_context loop{1};
        loop_latency seen;
        for (int i = 0; i < 100; ++i)
            boost::asio::post(loop, [] {});
        boost::asio::post(loop, [busy] { hold_up(20ms, busy); });
        run_measured(loop, seen);
        BOOST_TEST(seen.turns() == 101u);
        BOOST_TEST((seen.longest() >= 20ms));
        BOOST_TEST(seen.too_long() >= 1u);
    }
}

BOOST_AUTO_TEST_CASE(sleeping_is_no_turn_but_what_is_done_after_it_is) {
    boost::asio::io_context loop{1};
    loop_latency seen;
    boost::asio::steady_timer timer(loop, 300ms);
    timer.async_wait([](const boost::system::error_code&) {});
    run_measured(loop, seen);
    BOOST_TEST(seen.turns() == 1u);
    BOOST_TEST((seen.longest() < 200ms));
    loop.restart();
    timer.expires_after(50ms);
    timer.async_wait([](const boost::system::error_code&) { hold_up(40ms, true); });
    run_measured(loop, seen);
    BOOST_TEST(seen.turns() == 2u);
    BOOST_TEST(seen.too_long() >= 1u);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_comes_out) {
    boost::asio::io_context loop{1};
    loop_latency seen;
    boost::asio::post(loop, [] { throw std::runtime_error("no"); });
    BOOST_CHECK_THROW(run_measured(loop, seen), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()
