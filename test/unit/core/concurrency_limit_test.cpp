#include "core/concurrency_limit.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace kyc;
using namespace std::chrono_literals;
using end = concurrency_limit::end;

namespace {

/// Calls in rounds on a virtual clock: as many as allowed at a time.
struct rounds {
    concurrency_limit limit{16};
    steady_time now = steady_time{} + 1000h;

    void round(steady_time::duration took, end how = end::quick, std::size_t at_a_time = 0, std::size_t bytes = 1000) {
        std::vector<concurrency_limit::call> calls;
        const auto count = at_a_time == 0 ? limit.limit() : at_a_time;
        for (std::size_t i = 0; i < count; ++i)
            calls.push_back(limit.begin(now, bytes));
        now += took;
        for (const auto& one : calls)
            limit.done(one, now, how);
        now += 1ms;
    }

    void grow() {
        for (int i = 0; i < 10; ++i)
            round(100ms);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(concurrency_limit_suite, rounds)

BOOST_AUTO_TEST_CASE(it_begins_small_and_doubles_up_to_the_maximum) {
    BOOST_TEST(limit.limit() == 8u);
    round(100ms);
    BOOST_TEST(limit.limit() == 16u);
    grow();
    BOOST_TEST(limit.limit() == 16u);
}

BOOST_AUTO_TEST_CASE(a_path_that_eight_fill_is_found_long_before_the_maximum) {
    limit.set_maximum(128);
    round(100ms, end::quick, 1);
    std::size_t most = 0;
    for (int i = 0; i < 50; ++i) {
        const auto count = limit.limit();
        most = std::max(most, count);
        round(100ms * std::max<std::size_t>(count, 8) / 8);
    }
    BOOST_TEST(most <= 40u);
    BOOST_TEST(limit.limit() >= 8u);
}

BOOST_AUTO_TEST_CASE(what_is_not_used_does_not_grow) {
    for (int i = 0; i < 50; ++i)
        round(100ms, end::quick, 2);
    BOOST_TEST(limit.limit() == 8u);
}

BOOST_AUTO_TEST_CASE(an_overload_cuts_once_for_all_that_were_under_way) {
    grow();
    round(100ms, end::overload);
    BOOST_TEST(limit.limit() == 11u);
    round(100ms, end::overload);
    BOOST_TEST(limit.limit() == 7u);
}

BOOST_AUTO_TEST_CASE(it_is_never_under_one) {
    for (int i = 0; i < 50; ++i)
        round(100ms, end::overload);
    BOOST_TEST(limit.limit() == 1u);
    for (int i = 0; i < 50; ++i)
        round(10s);
    BOOST_TEST(limit.limit() >= 1u);
}

BOOST_AUTO_TEST_CASE(it_comes_near_the_limit_that_broke_quickly_and_nearer_with_care) {
    grow();
    round(100ms, end::overload);
    for (int i = 0; i < 5; ++i)
        round(100ms);
    BOOST_TEST(limit.limit() >= 12u);
    const auto near = limit.limit();
    for (int i = 0; i < 20; ++i)
        round(100ms);
    BOOST_TEST(limit.limit() <= near + 1);
    for (int i = 0; i < 600; ++i)
        round(100ms);
    BOOST_TEST(limit.limit() == 16u);
}

BOOST_AUTO_TEST_CASE(what_broke_it_at_a_few_is_forgotten_once_it_stands_more) {
    grow();
    for (int i = 0; i < 6; ++i)
        round(100ms, end::overload);
    const auto began = now;
    BOOST_TEST(limit.limit() <= 3u);
    while (limit.limit() < 16 && now < began + 5min)
        round(100ms);
    BOOST_TEST((now - began < 45s));
}

BOOST_AUTO_TEST_CASE(calls_that_take_longer_lower_it_by_as_much) {
    grow();
    for (int i = 0; i < 5; ++i)
        round(100ms);
    for (int i = 0; i < 2 && limit.limit() == 16; ++i) // its round may end in the middle of one of ours
        round(1s);
    BOOST_TEST(limit.limit() == 8u);
}

BOOST_AUTO_TEST_CASE(big_bodies_are_measured_against_big_bodies) {
    grow();
    for (int i = 0; i < 20; ++i) {
        round(100ms, end::quick, 0, 1000);
        round(2s, end::quick, 0, 3'000'000);
    }
    BOOST_TEST(limit.limit() == 16u);
}

BOOST_AUTO_TEST_CASE(a_server_that_is_slow_also_when_nearly_alone_is_just_slow) {
    grow();
    for (int i = 0; i < 200; ++i)
        round(1s);
    BOOST_TEST(limit.limit() == 16u);
}

BOOST_AUTO_TEST_CASE(refusals_that_took_no_work_do_not_count) {
    for (int i = 0; i < 20; ++i)
        round(100ms, end::other);
    BOOST_TEST(limit.limit() == 8u);
    BOOST_TEST(limit.under_way() == 0u);
}

BOOST_AUTO_TEST_CASE(after_an_outage_it_begins_with_one_and_doubles) {
    grow();
    limit.restart();
    BOOST_TEST(limit.limit() == 1u);
    for (const std::size_t expected : {2u, 4u, 8u, 16u}) {
        round(100ms);
        BOOST_TEST(limit.limit() == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_reloaded_maximum_is_obeyed_at_once_and_a_higher_one_is_grown_into) {
    grow();
    limit.set_maximum(5);
    BOOST_TEST(limit.limit() == 5u);
    limit.set_maximum(40);
    for (int i = 0; i < 6; ++i)
        round(100ms);
    BOOST_TEST(limit.limit() == 40u);
    limit.set_maximum(0);
    BOOST_TEST(limit.limit() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
