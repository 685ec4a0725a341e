#include "admin/recent_failures.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

const admin::recent_failures::time noon(1'800'000'000s);

} // namespace

BOOST_AUTO_TEST_SUITE(failures_of_a_day)

BOOST_AUTO_TEST_CASE(they_are_grouped_by_code_the_most_frequent_first) {
    admin::recent_failures seen;
    seen.add(noon, failure_code::rejected, "kyc_card", "kyc_card/A-1");
    seen.add(noon + 1s, failure_code::not_an_image, "kyc_card", "kyc_card/A-2");
    seen.add(noon + 2s, failure_code::not_an_image, "face_liveness", "liveness/A-3");
    const auto groups = seen.now(noon + 3s);
    BOOST_REQUIRE(groups.size() == 2u);
    BOOST_TEST(to_string(groups[0].code) == "NOT_AN_IMAGE");
    BOOST_TEST(groups[0].cases == 2u);
    BOOST_TEST((groups[0].last_at == noon + 2s));
    BOOST_TEST(groups[0].services.at("face_liveness") == 1u);
    const std::vector<std::string> names{"liveness/A-3", "kyc_card/A-2"};
    BOOST_TEST(groups[0].names == names, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_day_later_they_are_forgotten) {
    admin::recent_failures seen;
    seen.add(noon, failure_code::rejected, "kyc_card", "kyc_card/A-1");
    seen.add(noon + 12h, failure_code::rejected, "kyc_card", "kyc_card/A-2");
    BOOST_TEST(seen.now(noon + 23h + 59min).at(0).cases == 2u);
    const auto later = seen.now(noon + 24h + 1min);
    BOOST_TEST(later.at(0).cases == 1u);
    BOOST_TEST(later.at(0).names.size() == 1u);
    BOOST_TEST(seen.now(noon + 37h).empty());
}

BOOST_AUTO_TEST_CASE(twenty_names_of_a_code_are_kept_and_all_are_counted) {
    admin::recent_failures seen;
    for (int i = 0; i < 100; ++i)
        seen.add(noon + std::chrono::seconds(i), failure_code::rejected, "kyc_card", "kyc_card/" + std::to_string(i));
    seen.add(noon + 100s, failure_code::rejected, "kyc_card", "");
    const auto groups = seen.now(noon + 101s);
    BOOST_TEST(groups.at(0).cases == 101u);
    BOOST_TEST(groups.at(0).names.size() == admin::recent_failures::most_names);
    BOOST_TEST(groups.at(0).names.front() == "kyc_card/99");
}

BOOST_AUTO_TEST_CASE(what_an_earlier_process_saw_comes_before) {
    admin::recent_failures earlier;
    earlier.add(noon - 23h, failure_code::rejected, "kyc_card", "kyc_card/old");
    earlier.add(noon - 1h, failure_code::task_lost, "kyc_card", "kyc_card/lost");
    admin::recent_failures seen;
    seen.add(noon, failure_code::rejected, "kyc_card", "kyc_card/new");
    seen.take_over(earlier);
    auto groups = seen.now(noon);
    BOOST_REQUIRE(groups.size() == 2u);
    BOOST_TEST(groups[0].cases == 2u);
    BOOST_TEST((groups[0].last_at == noon));
    BOOST_TEST(groups[0].names.front() == "kyc_card/new");
    groups = seen.now(noon + 2h);
    BOOST_TEST(groups.at(0).cases == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
