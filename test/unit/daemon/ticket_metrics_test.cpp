#include "figures/instruments.hpp"
#include "figures/ticket_metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& text, const std::string& line) {
    std::istringstream lines(text);
    for (std::string each; std::getline(lines, each);)
        if (each == line) return true;
    BOOST_TEST_MESSAGE(text);
    return false;
}

reverify::ticket_view one_that_is(reverify::ticket_stand stand) {
    reverify::ticket_view made;
    made.name = "MUSTERMANN";
    made.stand = stand;
    return made;
}

std::string page_of(const std::vector<reverify::ticket_view>& open, const ticket_counts& counted = {}) {
    admin::metrics_page page;
    write_ticket_metrics(page, counted, open);
    return page.text();
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_metrics_suite)

BOOST_AUTO_TEST_CASE(without_a_ticket_everything_is_there_and_nought) {
    const auto text = page_of({});
    for (const auto* line : {
             "kycd_tickets{state=\"running\"} 0",
             "kycd_tickets{state=\"held_up\"} 0",
             "kycd_tickets_paused{by=\"canaries\"} 0",
             "kycd_ticket_cases{state=\"waiting\"} 0",
             "kycd_ticket_still_seconds{state=\"running\"} 0",
             "kycd_ticket_still_seconds{state=\"ending\"} 0",
             "kycd_tickets_ended_total{how=\"stop_if\"} 0",
             "kycd_tickets_refused_total 0",
         })
        BOOST_TEST(has_line(text, line), line);
}

BOOST_AUTO_TEST_CASE(the_cases_of_all_open_tickets_add_up) {
    auto first = one_that_is(reverify::ticket_stand::running);
    first.balance = {100, 20, 5, 3, 2};
    first.in_hand = 7;
    auto second = one_that_is(reverify::ticket_stand::waiting);
    second.balance.selected = 50;
    const auto text = page_of({first, second});
    for (const auto* line : {
             "kycd_tickets{state=\"running\"} 1",
             "kycd_tickets{state=\"waiting\"} 1",
             "kycd_ticket_cases{state=\"waiting\"} 113",
             "kycd_ticket_cases{state=\"in_hand\"} 7",
             "kycd_ticket_cases{state=\"unchanged\"} 20",
             "kycd_ticket_cases{state=\"changed\"} 5",
             "kycd_ticket_cases{state=\"failed\"} 3",
             "kycd_ticket_cases{state=\"skipped\"} 2",
         })
        BOOST_TEST(has_line(text, line), line);
    BOOST_TEST(text.find("MUSTERMANN") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_ticket_that_gets_on_is_enough_but_each_has_to_end) {
    auto behind = one_that_is(reverify::ticket_stand::running);
    behind.still_for = 7200s;
    auto first = one_that_is(reverify::ticket_stand::running);
    first.still_for = 3s;
    auto ends = one_that_is(reverify::ticket_stand::ending);
    ends.still_for = 2s;
    auto stuck = one_that_is(reverify::ticket_stand::ending);
    stuck.still_for = 900s;
    auto waits = one_that_is(reverify::ticket_stand::waiting);
    auto text = page_of({first, behind, ends, stuck, waits});
    BOOST_TEST(has_line(text, "kycd_ticket_still_seconds{state=\"running\"} 3"));
    BOOST_TEST(has_line(text, "kycd_ticket_still_seconds{state=\"ending\"} 900"));
    first.stand = reverify::ticket_stand::held_up;
    first.still_for = 5400s;
    text = page_of({behind, first});
    BOOST_TEST(has_line(text, "kycd_ticket_still_seconds{state=\"running\"} 5400"));
    BOOST_TEST(has_line(text, "kycd_ticket_still_seconds{state=\"ending\"} 0"));
}

BOOST_AUTO_TEST_CASE(a_pause_is_told_by_who_paused) {
    auto by_hand = one_that_is(reverify::ticket_stand::paused);
    by_hand.paused_by = reverify::ticket_pause::person;
    auto by_canaries = one_that_is(reverify::ticket_stand::paused);
    by_canaries.paused_by = reverify::ticket_pause::canaries;
    const auto text = page_of({by_hand, by_canaries, by_hand});
    BOOST_TEST(has_line(text, "kycd_tickets{state=\"paused\"} 3"));
    BOOST_TEST(has_line(text, "kycd_tickets_paused{by=\"person\"} 2"));
    BOOST_TEST(has_line(text, "kycd_tickets_paused{by=\"canaries\"} 1"));
    BOOST_TEST(has_line(text, "kycd_tickets_paused{by=\"ledger\"} 0"));
}

BOOST_AUTO_TEST_CASE(what_tickets_do_is_counted_and_parted_from_what_dropped_cases_do) {
    instruments metrics({"kyc_card"}, std::chrono::system_clock::time_point(1'800'000'000s));
    metrics.attempted("kyc_card", lane::live, ledger::attempt_outcome::accepted);
    metrics.attempted("kyc_card", lane::bulk, ledger::attempt_outcome::accepted);
    metrics.attempted("kyc_card", lane::bulk, ledger::attempt_outcome::unknown);
    metrics.polled("kyc_card", lane::live, poll_outcome::answered);
    metrics.polled("kyc_card", lane::bulk, poll_outcome::waiting);
    metrics.ticket_case_ended("kyc_card", ticket_case_end::changed);
    metrics.ticket_ended(reverify::ticket_outcome::stop_if);
    metrics.ticket_refused();
    const auto text = metrics.page({})();
    for (const auto* line : {
             "kycd_submit_attempts_total{service=\"kyc_card\",outcome=\"accepted\"} 2",
             "kycd_ticket_submit_attempts_total{outcome=\"accepted\"} 1",
             "kycd_ticket_submit_attempts_total{outcome=\"unknown\"} 1",
             "kycd_ticket_submit_attempts_total{outcome=\"refused\"} 0",
             "kycd_ticket_polls_total{outcome=\"answered\"} 0",
             "kycd_ticket_polls_total{outcome=\"waiting\"} 1",
             "kycd_ticket_cases_ended_total{service=\"kyc_card\",end=\"changed\"} 1",
             "kycd_ticket_cases_ended_total{service=\"kyc_card\",end=\"unchanged\"} 0",
             "kycd_tickets_ended_total{how=\"stop_if\"} 1",
             "kycd_tickets_ended_total{how=\"done\"} 0",
             "kycd_tickets_refused_total 1",
         })
        BOOST_TEST(has_line(text, line), line);
}

BOOST_AUTO_TEST_SUITE_END()
