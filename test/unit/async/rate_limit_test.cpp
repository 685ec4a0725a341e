#include "async/rate_limit.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc::async;
using namespace std::chrono_literals;
using instant = std::chrono::steady_clock::time_point;

BOOST_AUTO_TEST_SUITE(rate_limit_suite)

BOOST_AUTO_TEST_CASE(no_limit_never_waits) {
    rate_limit limit(0);
    const instant now{100s};
    for (int i = 0; i < 1000; ++i)
        BOOST_TEST((limit.book(now) == now));
}

BOOST_AUTO_TEST_CASE(one_seconds_worth_goes_at_once_and_then_one_by_one) {
    rate_limit limit(10);
    const instant now{100s};
    for (int i = 0; i < 10; ++i)
        BOOST_TEST((limit.book(now) == now), "number " << i);
    BOOST_TEST((limit.book(now) == now + 100ms));
    BOOST_TEST((limit.book(now) == now + 200ms));
}

BOOST_AUTO_TEST_CASE(what_was_booked_and_not_used_is_there_for_the_next) {
    rate_limit limit(0.5);
    const instant now{100s};
    BOOST_TEST((limit.book(now) == now));
    limit.give_back();
    BOOST_TEST((limit.book(now) == now));
    BOOST_TEST((limit.book(now) == now + 2s));
    limit.give_back();
    BOOST_TEST((limit.free_at(now) == now + 2s));
    rate_limit none(0);
    none.give_back();
    BOOST_TEST((none.book(now) == now));
}

BOOST_AUTO_TEST_CASE(over_a_long_time_the_rate_holds_whatever_the_idle_spells) {
    rate_limit limit(5);
    instant now{100s};
    int sent = 0;
    for (int i = 0; i < 1000; ++i) {
        now = std::max(now, limit.book(now));
        ++sent;
        if (i == 500) now += 1h; // the idle hour is worth one second's burst and no more
    }
    const auto busy = now - instant{100s} - 1h;
    BOOST_TEST(sent == 1000);
    BOOST_TEST((busy >= 197s));
    BOOST_TEST((busy <= 200s));
}

BOOST_AUTO_TEST_CASE(a_rate_below_one_a_second_keeps_its_distance) {
    rate_limit limit(0.5);
    const instant now{100s};
    BOOST_TEST((limit.book(now) == now));
    BOOST_TEST((limit.book(now) == now + 2s));
    BOOST_TEST((limit.book(now) == now + 4s));
}

BOOST_AUTO_TEST_SUITE_END()
