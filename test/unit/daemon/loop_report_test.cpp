#include "told/loop_report.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(loop_report)

BOOST_AUTO_TEST_CASE(every_bucket_is_told_and_the_last_has_no_bound) {
    kyc::async::loop_latency loop;
    for (const auto turn : {10us, 30us, 1500us, 2'000'000us})
        loop.add(turn);
    loop.add(3s, true);
    const auto told = kyc::loop_json(loop);
    BOOST_TEST(told.at("turns").as_uint64() == 5u);
    BOOST_TEST(told.at("crowded_out").as_uint64() == 1u);
    BOOST_TEST(told.at("over_1ms").as_uint64() == 2u);
    BOOST_TEST(told.at("longest_us").as_uint64() == 2'000'000u);
    BOOST_TEST(told.at("sum_us").as_uint64() == 5'001'540u);
    const auto& buckets = told.at("histogram").as_array();
    BOOST_TEST(serialize(buckets.front()) == R"({"up_to_us":20,"turns":1})");
    BOOST_TEST(serialize(buckets.back()) == R"({"up_to_us":null,"turns":2})");
    BOOST_TEST(buckets.size() == loop.buckets().size());
}

BOOST_AUTO_TEST_CASE(a_line_says_how_the_loop_does) {
    BOOST_TEST(kyc::loop_words(5000, 0, 0, 420) == "none of 5000 turns took over 1 ms, the longest 0.4 ms");
    BOOST_TEST(kyc::loop_words(5000, 3, 2, 12'345) ==
               "3 of 5000 turns took over 1 ms, the longest 12.3 ms; 2 more for want of a core");
}

BOOST_AUTO_TEST_SUITE_END()
