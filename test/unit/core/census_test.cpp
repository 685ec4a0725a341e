#include "core/census.hpp"
#include "core/duration_histogram.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

constexpr epoch_seconds now = 2'000'000'000;

/// What a row's ages should be, one case at a time.
std::array<std::uint64_t, 7> ages_of(const std::vector<census::stand>& all) {
    std::array<std::uint64_t, 7> ages{};
    for (const auto& each : all) {
        const auto age = std::chrono::seconds(now > each.since ? now - each.since : 0);
        const auto place = std::upper_bound(census::age_bounds.begin(), census::age_bounds.end(), age);
        ++ages.at(static_cast<std::size_t>(place - census::age_bounds.begin()));
    }
    return ages;
}

} // namespace

BOOST_AUTO_TEST_SUITE(case_census)

BOOST_AUTO_TEST_CASE(nobody_is_in_an_empty_one) {
    census empty;
    (void)empty.id_of("kyc_card");
    BOOST_TEST(empty.rows(now).empty());
    BOOST_TEST(empty.count(case_phase::waiting) == 0u);
}

BOOST_AUTO_TEST_CASE(a_service_keeps_its_id) {
    census counted;
    const auto card = counted.id_of("kyc_card");
    const auto face = counted.id_of("face_liveness");
    BOOST_TEST(card != face);
    BOOST_TEST(counted.id_of("kyc_card") == card);
    BOOST_TEST(counted.id_of("face_liveness") == face);
}

BOOST_AUTO_TEST_CASE(rows_are_by_phase_then_by_service) {
    census counted;
    const auto card = counted.id_of("kyc_card");
    const auto face = counted.id_of("face_liveness");
    counted.add({now - 5, card, case_phase::pending});
    counted.add({now - 7, card, case_phase::waiting});
    counted.add({now - 9, face, case_phase::waiting});
    counted.add({now - 11, face, case_phase::waiting});
    const auto rows = counted.rows(now);
    BOOST_REQUIRE(rows.size() == 3u);
    BOOST_TEST(to_string(rows[0].phase) == "waiting");
    BOOST_TEST(rows[0].service == "face_liveness");
    BOOST_TEST(rows[0].cases == 2u);
    BOOST_TEST(rows[0].oldest.count() == 11);
    BOOST_TEST(rows[1].service == "kyc_card");
    BOOST_TEST(to_string(rows[2].phase) == "pending");
    BOOST_TEST(counted.count(case_phase::waiting) == 3u);
}

BOOST_AUTO_TEST_CASE(an_age_that_reaches_a_bound_is_in_the_next_class) {
    census counted;
    const auto card = counted.id_of("kyc_card");
    for (const epoch_seconds age : {0u, 59u, 60u, 299u, 300u, 86'399u, 86'400u, 1'000'000u})
        counted.add({now - age, card, case_phase::waiting});
    const std::array<std::uint64_t, 7> expected{2, 2, 1, 0, 0, 1, 2};
    BOOST_TEST(counted.rows(now).at(0).ages == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_comes_from_the_future_is_of_no_age) {
    census counted;
    counted.add({now + 90, counted.id_of("kyc_card"), case_phase::claimed});
    const auto rows = counted.rows(now);
    BOOST_TEST(rows.at(0).oldest.count() == 0);
    BOOST_TEST(rows.at(0).ages.at(0) == 1u);
}

BOOST_AUTO_TEST_CASE(counts_are_those_of_the_cases_whatever_came_and_went) {
    std::mt19937 random(7);
    std::uniform_int_distribution<epoch_seconds> age(0, 100'000);
    census counted;
    const auto card = counted.id_of("kyc_card");
    std::vector<census::stand> all;
    for (int i = 0; i < 20'000; ++i) {
        if (!all.empty() && random() % 3 == 0) {
            counted.remove(all.back());
            all.pop_back();
        } else {
            all.push_back({now - age(random), card, case_phase::waiting});
            counted.add(all.back());
        }
    }
    const auto rows = counted.rows(now);
    BOOST_REQUIRE(rows.size() == 1u);
    BOOST_TEST(rows[0].cases == all.size());
    BOOST_TEST(rows[0].ages == ages_of(all), boost::test_tools::per_element());
    const auto oldest = std::min_element(all.begin(), all.end(), [](auto& a, auto& b) { return a.since < b.since; });
    BOOST_TEST(rows[0].oldest.count() == now - oldest->since);
    for (const auto& each : all)
        counted.remove(each);
    BOOST_TEST(counted.rows(now).empty());
}

BOOST_AUTO_TEST_CASE(seconds_are_those_of_the_clock_and_stay_in_their_range) {
    const auto time = std::chrono::system_clock::time_point(1'700'000'000s + 999ms);
    BOOST_TEST(to_epoch_seconds(time) == 1'700'000'000u);
    BOOST_TEST(to_epoch_seconds(std::chrono::system_clock::time_point(-5s)) == 0u);
    BOOST_TEST((from_epoch_seconds(1'700'000'000) == std::chrono::system_clock::time_point(1'700'000'000s)));
}

BOOST_AUTO_TEST_CASE(a_histogram_counts_a_bound_itself_below_it) {
    duration_histogram times(disk_bounds);
    times.add(500us);
    times.add(501us);
    times.add(-1s);
    times.add(100s);
    BOOST_TEST(times.counts().at(0) == 2u); // at the first bound, and what a clock set back
    BOOST_TEST(times.counts().at(1) == 1u);
    BOOST_TEST(times.counts().back() == 1u);
    BOOST_TEST(times.counts().size() == times.bounds().size() + 1);
    BOOST_TEST((times.sum() == 100s + 1001us));
}

BOOST_AUTO_TEST_SUITE_END()
