#include "admin/metrics.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;
using kind = admin::metrics_page::kind;

BOOST_AUTO_TEST_SUITE(metrics_pages)

BOOST_AUTO_TEST_CASE(an_empty_one_is_an_empty_text) {
    BOOST_TEST(admin::metrics_page().text() == "");
}

BOOST_AUTO_TEST_CASE(values_stand_under_their_names_and_label_values_are_escaped) {
    admin::metrics_page page;
    page.family(kind::counter, "a_total", "Some.");
    page.value({{"service", "kyc_card"}, {"odd", "a\"b\\c\nd"}}, 3);
    page.single(kind::gauge, "b", "More.", 0.25);
    BOOST_TEST(page.text() == "# HELP a_total Some.\n# TYPE a_total counter\n"
                              "a_total{service=\"kyc_card\",odd=\"a\\\"b\\\\c\\nd\"} 3\n"
                              "# HELP b More.\n# TYPE b gauge\nb 0.25\n");
}

BOOST_AUTO_TEST_CASE(a_family_without_series_is_left_out) {
    admin::metrics_page page;
    page.family(kind::counter, "a_total", "Some.");
    page.single(kind::gauge, "b", "More.", 1);
    page.family(kind::gauge, "c", "None.");
    BOOST_TEST(page.text() == "# HELP b More.\n# TYPE b gauge\nb 1\n");
}

BOOST_AUTO_TEST_CASE(a_histogram_is_cumulative_and_ends_with_all) {
    static constexpr double bounds[] = {0.5, 1};
    duration_histogram times(bounds);
    times.add(500ms);
    times.add(700ms);
    times.add(9s);
    admin::metrics_page page;
    page.family(kind::histogram, "t_seconds", "Time.");
    page.times({{"step", "claim"}}, times);
    BOOST_TEST(page.text() == "# HELP t_seconds Time.\n# TYPE t_seconds histogram\n"
                              "t_seconds_count{step=\"claim\"} 3\n"
                              "t_seconds_sum{step=\"claim\"} 10.2\n"
                              "t_seconds_bucket{step=\"claim\",le=\"0.5\"} 1\n"
                              "t_seconds_bucket{step=\"claim\",le=\"1\"} 2\n"
                              "t_seconds_bucket{step=\"claim\",le=\"+Inf\"} 3\n");
}

BOOST_AUTO_TEST_SUITE_END()
