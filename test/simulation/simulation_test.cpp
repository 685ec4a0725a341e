// Holds kycd's pacing to its figures, in virtual time.
#include "simulation/worlds.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc::simulation;

namespace {

constexpr unsigned seeds[] = {1, 2, 3};

/// After two minutes: a limit per minute shows itself after one.
outcome settled(const world& in, unsigned seed) {
    return simulate(in, "kycd", 120, 420, seed);
}

} // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(a_server_that_counts_is_used_to_nine_tenths_and_refuses_under_three_percent) {
    for (const auto& in : limited_worlds()) {
        for (const auto seed : seeds) {
            BOOST_TEST_CONTEXT(in.name << ", seed " << seed) {
                const auto came = settled(in, seed);
                const double used = came.requests_per_second / in.allowed_per_second;
                // An uneven way there spoils windows of a second; a tighter pace would not help.
                BOOST_TEST(used > (in.bytes_per_second < 50e6 ? 0.8 : 0.9));
                BOOST_TEST(used < 1.1);
                BOOST_TEST(came.refused_share < 0.03);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_first_minutes_cost_little_too) {
    for (const auto& in : limited_worlds()) {
        BOOST_TEST_CONTEXT(in.name) {
            const auto came = simulate(in, "kycd", 0, 300, 1);
            // The first volley weighs more where few calls are allowed.
            BOOST_TEST(came.refused_share < (in.allowed_per_second < 2 ? 0.2 : 0.07));
            BOOST_TEST(came.requests_per_second / in.allowed_per_second > 0.8);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_paced_night_spends_its_requests_on_cases) {
    for (const auto& in : limited_worlds()) {
        if (in.allowed_per_second < 20) continue; // longer nights
        BOOST_TEST_CONTEXT(in.name) {
            // A case needs an upload and a poll: half of the requests is the most that can be.
            const auto came = simulate(in, "kycd", 120, 900, 1);
            BOOST_TEST(came.cases_per_second > 0.4 * came.requests_per_second);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_with_room_is_not_slowed_down) {
    for (const auto& in : slow_worlds()) {
        if (in.workers < 200 || in.slower_by > 1) continue;
        BOOST_TEST_CONTEXT(in.name) {
            BOOST_TEST(settled(in, 1).requests_per_second >
                       0.95 * simulate(in, "fixed", 120, 420, 1).requests_per_second);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_with_few_workers_keeps_them_busy_without_a_long_queue) {
    for (const auto& in : slow_worlds()) {
        if (in.workers > 4) continue;
        BOOST_TEST_CONTEXT(in.name) {
            const auto came = settled(in, 1);
            const auto fixed = simulate(in, "fixed", 120, 420, 1);
            BOOST_TEST(came.requests_per_second > 0.9 * fixed.requests_per_second);
            BOOST_TEST(came.upload_seconds < fixed.upload_seconds);
            BOOST_TEST(came.refused_share < 0.03);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_got_slower_for_good_is_used_again_as_before) {
    for (const auto& in : slow_worlds()) {
        if (in.slower_by == 1) continue;
        const auto came = simulate(in, "kycd", 300, 400, 1);
        BOOST_TEST(came.requests_per_second > 0.95 * simulate(in, "fixed", 300, 400, 1).requests_per_second);
    }
}

BOOST_AUTO_TEST_SUITE_END()
