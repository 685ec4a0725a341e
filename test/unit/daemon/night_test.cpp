#include "reverify/night.hpp"
#include "reverify/night_charts.hpp"

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <string>
#include <vector>

using namespace kyc;
using namespace kyc::reverify;
using namespace std::chrono_literals;

namespace {

utc_time at(const char* text) {
    return *from_iso8601(text);
}

const time_window berlin = *time_window::parse("22:00-06:00 Europe/Berlin");

ledger::ticket_case ended(utc_time when, ticket_case_end how = ticket_case_end::unchanged) {
    ledger::ticket_case made;
    made.end = how;
    made.submitted_at = when - 5s;
    made.answered_at = made.ended_at = when;
    return made;
}

std::uint64_t all_of(const night& of) {
    std::uint64_t all = 0;
    for (const auto& piece : of.pieces)
        all += piece.cases.ended();
    return all;
}

/// Where the texts stand in a page, in this order.
bool in_order(const std::string& page, const std::vector<std::string>& texts) {
    std::size_t from = 0;
    for (const auto& text : texts) {
        from = page.find(text, from);
        if (from == std::string::npos) return false;
    }
    return true;
}

} // namespace

BOOST_AUTO_TEST_SUITE(night_suite)

BOOST_AUTO_TEST_CASE(nothing_ended_makes_no_night) {
    BOOST_TEST(cut_night({}, berlin, 24).pieces.empty());
    BOOST_TEST(cut_night({ledger::ticket_case()}, berlin, 24).pieces.empty());
    BOOST_TEST(throughput_chart({}, berlin) == "");
    BOOST_TEST(latency_chart({}, berlin) == "");
}

BOOST_AUTO_TEST_CASE(one_case_is_one_piece_and_no_chart) {
    const auto made = cut_night({ended(at("2026-11-23T22:00:07.000Z"))}, berlin, 24);
    BOOST_REQUIRE(made.pieces.size() == 1u);
    BOOST_CHECK(made.step == 10s);
    BOOST_CHECK(made.pieces[0].from == at("2026-11-23T22:00:00.000Z"));
    BOOST_TEST(throughput_chart(made, berlin) == "");
    BOOST_TEST(latency_chart(made, berlin) == "");
}

BOOST_AUTO_TEST_CASE(the_pieces_are_the_shortest_round_ones_that_are_few_enough_and_every_case_is_in_one) {
    std::vector<ledger::ticket_case> cases;
    cases.reserve(480);
    for (int i = 0; i < 480; ++i)
        cases.push_back(ended(at("2026-11-23T21:00:30.000Z") + 1min * i, i % 10 == 0  ? ticket_case_end::changed
                                                                         : i % 7 == 0 ? ticket_case_end::failed
                                                                         : i % 9 == 0 ? ticket_case_end::skipped
                                                                                      : ticket_case_end::unchanged));
    for (const auto& [most, step] : {std::pair(96u, 300s), {48u, 600s}, {24u, 1'800s}, {8u, 3'600s}, {2u, 21'600s}}) {
        const auto made = cut_night(cases, berlin, most);
        BOOST_TEST(made.pieces.size() <= most);
        BOOST_TEST(made.step.count() == step.count());
        BOOST_TEST(all_of(made) == 480u);
    }
    const auto made = cut_night(cases, berlin, 24);
    BOOST_TEST(made.pieces[0].cases.changed == 3u);
    BOOST_TEST(made.pieces[0].cases.failed == 4u);
    BOOST_TEST(made.pieces[0].answered.count() == 30u);
    BOOST_CHECK(made.pieces[0].answered.at(0.5) == 5s);
}

BOOST_AUTO_TEST_CASE(what_lies_between_two_nights_is_left_out_and_a_lull_within_one_is_not) {
    const std::vector<ledger::ticket_case> cases{
        ended(at("2026-11-23T21:10:00.000Z")), ended(at("2026-11-24T04:50:00.000Z")),
        ended(at("2026-11-24T21:05:00.000Z")), ended(at("2026-11-24T23:05:00.000Z"))};
    const auto made = cut_night(cases, berlin, 96);
    BOOST_CHECK(made.step == 10min);
    std::size_t pauses = 0;
    for (std::size_t i = 0; i < made.pieces.size(); ++i) {
        if (!made.pieces[i].after_pause) {
            if (i > 0) BOOST_CHECK(made.pieces[i].from - made.pieces[i - 1].from == made.step);
            continue;
        }
        ++pauses;
        BOOST_CHECK(made.pieces[i].from == at("2026-11-24T21:00:00.000Z"));
    }
    BOOST_TEST(pauses == 1u);
    BOOST_TEST(all_of(made) == 4u);
    BOOST_TEST(made.pieces.size() == 47u + 13u);
    const auto always = cut_night(cases, time_window(), 96);
    BOOST_CHECK(always.step == 30min);
    for (const auto& piece : always.pieces)
        BOOST_TEST(!piece.after_pause);
}

BOOST_AUTO_TEST_CASE(a_chart_tells_the_times_of_the_window_s_clock_over_midnight_and_where_it_is_set_back) {
    std::vector<ledger::ticket_case> cases;
    cases.reserve(17);
    for (int i = 0; i < 17; ++i)
        cases.push_back(ended(at("2026-10-24T20:30:00.000Z") + 30min * i));
    const auto made = cut_night(cases, berlin, 24);
    BOOST_CHECK(made.step == 30min);
    for (const auto& chart : {throughput_chart(made, berlin), latency_chart(made, berlin)}) {
        BOOST_TEST(in_order(chart, {">22:30 CEST<", ">Sat 24 Oct<", ">00:", ">Sun 25 Oct<", " CET<"}), chart);
        BOOST_TEST(chart.find("2026") == std::string::npos);
    }
    const auto before = on_the_clock(berlin, at("2026-10-25T00:30:00.000Z"));
    const auto after = on_the_clock(berlin, at("2026-10-25T01:30:00.000Z"));
    BOOST_TEST(before.time == "02:30");
    BOOST_TEST(after.time == "02:30");
    BOOST_TEST(before.zone == "CEST");
    BOOST_TEST(after.zone == "CET");
    BOOST_TEST(after.date == "Sun 25 Oct");
}

BOOST_AUTO_TEST_CASE(open_time_is_what_the_window_leaves) {
    const auto hours = [](const time_window& window, const char* from, const char* to) {
        return std::chrono::duration<double, std::ratio<3600>>(open_between(window, at(from), at(to))).count();
    };
    BOOST_TEST(hours(berlin, "2026-11-23T21:00:00.000Z", "2026-11-24T05:00:00.000Z") == 8);
    BOOST_TEST(hours(berlin, "2026-10-24T12:00:00.000Z", "2026-10-25T12:00:00.000Z") == 9);
    BOOST_TEST(hours(berlin, "2026-11-23T23:00:00.000Z", "2026-11-24T22:00:00.000Z") == 7);
    BOOST_TEST(hours(berlin, "2026-11-23T10:00:00.000Z", "2026-11-23T11:00:00.000Z") == 0);
    BOOST_TEST(hours(berlin, "2026-11-23T23:00:00.000Z", "2026-11-23T23:00:00.000Z") == 0);
    BOOST_TEST(hours(time_window(), "2026-11-23T10:00:00.000Z", "2026-11-24T11:00:00.000Z") == 25);
}

BOOST_AUTO_TEST_SUITE_END()
