#include "admin/history.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

using namespace kyc;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

/// 2027-01-15T08:00:00Z, a whole minute.
const admin::history::time noon(1'800'000'000s);

json::array rows_of(const admin::history& past, admin::history::time now) {
    return json::parse(past.to_json(now)).at("rows").as_array();
}

std::string text_of(const json::array& rows) {
    return json::serialize(rows);
}

} // namespace

BOOST_AUTO_TEST_SUITE(histories)

BOOST_AUTO_TEST_CASE(one_that_saw_nothing_has_no_rows_and_no_figures) {
    const admin::history past;
    const auto document = json::parse(past.to_json(noon + 30s));
    BOOST_TEST(document.at("schema").as_string() == "kycd.history/1");
    BOOST_TEST(document.at("step_seconds").as_int64() == 60);
    BOOST_TEST(document.at("until").as_string() == "2027-01-15T08:00:00.000Z");
    BOOST_TEST(json::serialize(document.at("columns")) ==
               R"(["delivered","failed","submitted","backlog","p50_ms","p95_ms"])");
    BOOST_TEST(document.at("rows").as_array().empty());
    BOOST_TEST(past.ended_within(1h, noon).delivered == 0u);
    BOOST_TEST(!past.latency_of_last_hour(noon).half);
}

BOOST_AUTO_TEST_CASE(a_minute_is_told_when_it_is_over) {
    admin::history past;
    past.delivered(noon, 10ms);
    past.delivered(noon + 59s, 10ms);
    past.failed(noon + 59s);
    past.submitted(noon + 1s);
    past.backlog(noon + 2s, 9);
    past.backlog(noon + 50s, 7);
    BOOST_TEST(rows_of(past, noon + 59s).empty());
    BOOST_TEST(text_of(rows_of(past, noon + 60s)) == "[[2,1,1,7,10,10]]");
}

BOOST_AUTO_TEST_CASE(minutes_in_which_nothing_was_told_keep_the_backlog) {
    admin::history past;
    past.backlog(noon, 3);
    past.failed(noon + 3min);
    BOOST_TEST(text_of(rows_of(past, noon + 4min)) ==
               "[[0,0,0,3,null,null],[0,0,0,3,null,null],[0,0,0,3,null,null],[0,1,0,0,null,null]]");
}

BOOST_AUTO_TEST_CASE(twelve_hours_are_told_and_a_day_is_summed_up) {
    admin::history past;
    for (int minute = 0; minute < 3000; ++minute)
        past.delivered(noon + std::chrono::minutes(minute), {});
    const auto now = noon + 3000min;
    const auto rows = rows_of(past, now);
    BOOST_TEST(rows.size() == 720u);
    BOOST_TEST(rows.at(0).at(0).as_int64() == 1);
    BOOST_TEST(past.ended_within(60min, now - 1s).delivered == 60u);
    BOOST_TEST(past.ended_within(60min, now).delivered == 59u); // a new minute has begun
    BOOST_TEST(past.ended_within(24h, now - 1s).delivered == 1440u);
    BOOST_TEST(past.ended_within(100h, now - 1s).delivered == 1440u);
    BOOST_TEST(past.ended_within(24h, now + 48h).delivered == 0u);
}

BOOST_AUTO_TEST_CASE(latencies_are_those_of_the_last_hour_and_exact_to_three_percent) {
    admin::history past;
    past.delivered(noon, 24h);
    for (int i = 1; i <= 1000; ++i)
        past.delivered(noon + 60min, std::chrono::milliseconds(10 * i));
    past.delivered(noon + 60min, {}); // of unknown drop
    const auto told = past.latency_of_last_hour(noon + 61min);
    BOOST_TEST(told.cases == 1000u);
    BOOST_TEST(static_cast<double>(told.half->count()) == 5000.0, boost::test_tools::tolerance(0.035));
    BOOST_TEST(static_cast<double>(told.most->count()) == 9500.0, boost::test_tools::tolerance(0.035));
}

BOOST_AUTO_TEST_CASE(every_duration_has_a_class_near_it) {
    for (std::int64_t ms = 0; ms < (std::int64_t{1} << 40); ms = ms < 64 ? ms + 1 : ms * 9 / 8) {
        admin::history past;
        past.delivered(noon, std::chrono::milliseconds(ms));
        const auto told = static_cast<double>(past.latency_of_last_hour(noon).half->count());
        const auto expected = static_cast<double>(std::min<std::int64_t>(ms, (std::int64_t{1} << 31) - 1));
        BOOST_TEST(std::abs(told - expected) <= 0.035 * expected);
    }
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_set_back_changes_no_minute_that_is_over) {
    admin::history past;
    past.delivered(noon + 10min, 10ms);
    past.delivered(noon, 10ms);
    BOOST_TEST(text_of(rows_of(past, noon)) == "[]");
    BOOST_TEST(text_of(rows_of(past, noon + 11min)) == "[[2,0,0,0,10,10]]");
}

BOOST_AUTO_TEST_CASE(what_an_earlier_process_saw_is_added) {
    admin::history earlier;
    earlier.delivered(noon, 10ms);
    earlier.delivered(noon + 2min, 12ms);
    admin::history past;
    past.delivered(noon + 2min + 30s, 12ms);
    past.failed(noon + 3min);
    past.take_over(std::move(earlier));
    BOOST_TEST(text_of(rows_of(past, noon + 4min)) ==
               "[[1,0,0,0,10,10],[0,0,0,0,null,null],[2,0,0,0,12,12],[0,1,0,0,null,null]]");
    BOOST_TEST(past.latency_of_last_hour(noon + 4min).cases == 3u);
    admin::history other;
    other.take_over(admin::history());
    BOOST_TEST(rows_of(other, noon).empty());
}

BOOST_AUTO_TEST_SUITE_END()
