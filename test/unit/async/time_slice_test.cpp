#include "async/time_slice.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;
using kyc::async::time_slice;

BOOST_AUTO_TEST_SUITE(time_slice_)

BOOST_AUTO_TEST_CASE(who_was_ready_before_goes_first_and_a_new_slice_begins) {
    boost::asio::io_context loop;
    auto body = [&loop]() -> kyc::async::awaitable<void> {
        int others = 0;
        time_slice slice(0us);
        BOOST_TEST(slice.is_used_up());
        for (int i = 0; i < 3; ++i)
            boost::asio::post(loop, [&others] { ++others; });
        co_await slice.give_way();
        BOOST_TEST(others == 3);
        time_slice long_one(1h);
        co_await long_one.give_way();
        BOOST_TEST(!long_one.is_used_up());
    };
    kyc::test::run_coroutine(loop, body());
}

BOOST_AUTO_TEST_SUITE_END()
