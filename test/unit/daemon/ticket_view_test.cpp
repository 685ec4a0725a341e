#include "reverify/running_ticket.hpp"
#include "reverify/view_ticket.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::reverify;

namespace {

const utc_time evening = *from_iso8601("2026-11-20T21:00:00.000Z");
const utc_time night = *from_iso8601("2026-11-20T23:00:00.000Z");

/// A ticket of four cases that runs by night.
struct fixture {
    boost::asio::io_context loop;
    running_ticket ticket{{}, loop.get_executor(), [](const std::exception_ptr&) {}};
    ticket_obstacles in_the_way;

    fixture() {
        ticket.about.name = "night";
        ticket.about.state = ledger::ticket_state::running;
        ticket.window = *time_window::parse("22:00-06:00 UTC");
        ticket.balance.selected = 4;
        ticket.file_lets_run = true;
    }

    [[nodiscard]] ticket_view at(utc_time when) const { return view_of(ticket, in_the_way, when); }
};

bool is(const ticket_view& told, ticket_stand stand, const std::string& why) {
    BOOST_TEST(told.why == why);
    BOOST_TEST(to_string(told.stand) == to_string(stand));
    return told.stand == stand && told.why == why;
}

ledger::ticket_case row_of(const std::string& service, std::uint64_t number) {
    ledger::ticket_case row;
    row.folder = service;
    row.service = service;
    row.number = number;
    return row;
}

bool next(const ticket_view& told, ticket_event::kind what, const char* when) {
    return told.next_event && told.next_event->what == what && told.next_event->at == *from_iso8601(when);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(ticket_view_suite, fixture)

BOOST_AUTO_TEST_CASE(a_window_opens_and_closes) {
    BOOST_TEST(is(at(evening), ticket_stand::waiting, "outside its window, 22:00-06:00 UTC"));
    BOOST_TEST(next(at(evening), ticket_event::kind::window_opens, "2026-11-20T22:00:00.000Z"));
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    BOOST_TEST(next(at(night), ticket_event::kind::window_closes, "2026-11-21T06:00:00.000Z"));
    ticket.window = time_window();
    BOOST_TEST(is(at(evening), ticket_stand::running, ""));
    BOOST_TEST(!at(evening).next_event.has_value());
}

BOOST_AUTO_TEST_CASE(nothing_is_begun_before_its_file_was_seen_or_while_it_is_missing) {
    ticket.queue.add({});
    BOOST_TEST(ticket.may_begin(night));
    ticket.file_lets_run = false;
    BOOST_TEST(!ticket.may_begin(night));
    BOOST_TEST(!ticket.may_call(night));
    BOOST_TEST(is(at(night), ticket_stand::held_up, "kycd has not looked yet what its file asks for"));
    ticket.looks_without_file = 1;
    BOOST_TEST(is(at(night), ticket_stand::held_up, "its file is not in the inbox any more"));
    BOOST_TEST(is(at(evening), ticket_stand::waiting, "outside its window, 22:00-06:00 UTC"));
}

BOOST_AUTO_TEST_CASE(what_holds_everything_up_is_told_only_where_it_is_the_reason) {
    in_the_way.of_all = "the API is down";
    in_the_way.next_try = night + std::chrono::seconds(10);
    BOOST_TEST(is(at(night), ticket_stand::held_up, "the API is down"));
    BOOST_TEST(next(at(night), ticket_event::kind::next_try, "2026-11-20T23:00:10.000Z"));
    BOOST_TEST(is(at(evening), ticket_stand::waiting, "outside its window, 22:00-06:00 UTC"));
    ticket.about.state = ledger::ticket_state::paused;
    ticket.about.why = "paused by the name of its file";
    BOOST_TEST(is(at(night), ticket_stand::paused, "paused by the name of its file"));
    BOOST_TEST(!at(night).next_event.has_value());
    BOOST_TEST((at(night).paused_by == ticket_pause::person));
}

BOOST_AUTO_TEST_CASE(a_service_that_takes_nothing_holds_up_the_tickets_that_need_it) {
    in_the_way.services.emplace("ocr_card", std::nullopt);
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.asked.which.services = {"ocr_card", "kyc_card"};
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.asked.which.services = {"ocr_card"};
    BOOST_TEST(is(at(night), ticket_stand::held_up, "ocr_card takes no cases for now"));
    ticket.queue.add(row_of("ocr_card", 1));
    ticket.asked.which.services.clear();
    BOOST_TEST(is(at(night), ticket_stand::held_up, "ocr_card takes no cases for now"));
    ticket.in_hand = 1; // asks for its answer
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.in_hand = 0;
    BOOST_TEST(ticket.queue.take_first("ocr_card").number == 1U);
    ticket.queue.add(row_of("kyc_card", 2));
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
}

BOOST_AUTO_TEST_CASE(another_service_keeps_a_ticket_running_unless_canaries_come_first) {
    in_the_way.services.emplace("ocr_card", std::nullopt);
    auto canary = row_of("ocr_card", 1);
    canary.canary = true;
    ticket.queue.add(canary);
    ticket.queue.add(row_of("kyc_card", 2));
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.canaries_left = 1;
    BOOST_TEST(is(at(night), ticket_stand::held_up, "ocr_card takes no cases for now"));
    // It is in hand now, and what comes behind it waits for its end.
    BOOST_TEST(ticket.queue.take_first("ocr_card").canary);
    ticket.in_hand = 1;
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.held_back["ocr_card"] = 1;
    BOOST_TEST(is(at(night), ticket_stand::held_up, "ocr_card takes no cases for now"));
}

BOOST_AUTO_TEST_CASE(the_last_cases_of_a_ticket_are_held_up_where_all_of_them_wait) {
    in_the_way.services.emplace("ocr_card", std::nullopt);
    ticket.all_read = true;
    ticket.in_hand = 2;
    ticket.held_back["ocr_card"] = 1;
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
    ticket.held_back["kyc_card"] = 1;
    BOOST_TEST(is(at(night), ticket_stand::held_up, "ocr_card takes no cases for now"));
    in_the_way.services.clear();
    BOOST_TEST(is(at(night), ticket_stand::held_up, "its cases in hand were not taken, and wait for their next try"));
    ticket.in_hand = 3;
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
}

BOOST_AUTO_TEST_CASE(dropped_cases_that_take_everything_are_told) {
    in_the_way.dropped_first = true;
    BOOST_TEST(is(at(night), ticket_stand::held_up, "dropped cases go first, and some are waiting"));
    ticket.in_hand = 1;
    BOOST_TEST(is(at(night), ticket_stand::running, ""));
}

BOOST_AUTO_TEST_CASE(how_long_it_stands_still_is_told_where_it_should_not) {
    const auto now = ticket_pace::clock::now();
    ticket.pace.begin(now - std::chrono::hours(2));
    BOOST_TEST(at(night).still_for.value_or(std::chrono::seconds(0)).count() >= 7200);
    BOOST_TEST(!at(evening).still_for.has_value());
    ticket.pace.moved(now);
    BOOST_TEST(at(night).still_for.value_or(std::chrono::hours(9)).count() < 7200);
    ticket.about.state = ledger::ticket_state::paused;
    BOOST_TEST(!at(night).still_for.has_value());
    ticket.ending = "cancelled";
    BOOST_TEST(at(evening).still_for.has_value());
}

BOOST_AUTO_TEST_CASE(its_end_is_foretold_from_what_was_done_in_this_stretch) {
    const auto now = ticket_pace::clock::now();
    ticket_pace pace(now - std::chrono::seconds(100));
    for (int i = 0; i < 19; ++i)
        pace.ended(now);
    BOOST_TEST(!pace.left(50, now).has_value());
    pace.ended(now);
    BOOST_TEST((pace.left(50, now) == std::chrono::seconds(250)));
    BOOST_TEST((pace.left(0, now) == std::chrono::seconds(0)));
    BOOST_TEST((pace.still_for(now + std::chrono::seconds(9)) == std::chrono::seconds(9)));
    ticket.pace = pace;
    BOOST_TEST(at(night).done_after.has_value());
    BOOST_TEST(!at(evening).done_after.has_value());
    in_the_way.of_all = "the API is down";
    BOOST_TEST(!at(night).done_after.has_value());
    pace.begin(now);
    BOOST_TEST(!pace.left(50, now).has_value());
}

BOOST_AUTO_TEST_CASE(a_pause_by_canaries_names_none_of_them) {
    ledger::ticket_case row;
    row.case_name = "MUSTERMANN";
    row.canary = true;
    row.end = ticket_case_end::changed;
    row.verdict_before = "pass";
    row.verdict_after = "fail";
    ticket.note_canary(row);
    ticket.about.state = ledger::ticket_state::pausing;
    ticket.about.why = ticket.canary_says;
    BOOST_TEST(ticket.about.why == "canary MUSTERMANN: pass before, fail now");
    BOOST_TEST(is(at(night), ticket_stand::paused, "kycd paused it: a canary: pass before, fail now"));
    BOOST_TEST((at(night).paused_by == ticket_pause::canaries));
}

BOOST_AUTO_TEST_CASE(the_canaries_objection_does_not_depend_on_the_order_in_which_they_end) {
    ledger::ticket_case first;
    first.number = 1;
    first.case_name = "ONE";
    first.canary = true;
    first.end = ticket_case_end::failed;
    first.code = "REJECTED";
    auto second = first;
    second.number = 2;
    second.case_name = "TWO";
    ticket.note_canary(second);
    BOOST_TEST(ticket.canary_objection() == "canary TWO failed: REJECTED");
    ticket.note_canary(first);
    BOOST_TEST(ticket.canary_objection() == "canary ONE failed: REJECTED");
    running_ticket restarted({}, loop.get_executor(), [](const std::exception_ptr&) {});
    restarted.note_canary(first);
    restarted.note_canary(second);
    BOOST_TEST(restarted.canary_objection() == ticket.canary_objection());
    BOOST_TEST(restarted.canary_outcome == ticket.canary_outcome);
    BOOST_TEST(restarted.canaries_seen == 2u);
}

BOOST_AUTO_TEST_CASE(an_end_goes_before_everything_else) {
    in_the_way.of_all = "the API is down";
    ticket.ending = "cancelled";
    BOOST_TEST(is(at(evening), ticket_stand::ending, "cancelled"));
    ticket.ending = "it cannot be read any more: names: MUSTERMANN";
    BOOST_TEST(is(at(evening), ticket_stand::ending, "it cannot be read any more"));
    ticket.ending.clear();
    ticket.about.state = ledger::ticket_state::reporting;
    BOOST_TEST(is(at(evening), ticket_stand::ending, "all is done"));
}

BOOST_AUTO_TEST_CASE(a_report_that_cannot_be_written_is_told_with_the_next_try) {
    const auto begun = std::chrono::steady_clock::now();
    ticket.patience.failed("its report cannot be written: Not a directory", begun, night);
    BOOST_TEST(!ticket.patience.may_try(begun));
    BOOST_TEST(ticket.patience.may_try(begun + std::chrono::seconds(1)));
    BOOST_TEST(is(at(night), ticket_stand::running, "")); // of an earlier pause: that keeps nothing from being begun
    BOOST_TEST(is(at(evening), ticket_stand::waiting,
                  "outside its window, 22:00-06:00 UTC; its report cannot be written: Not a directory"));
    BOOST_TEST(next(at(evening), ticket_event::kind::window_opens, "2026-11-20T22:00:00.000Z"));
    ticket.ending = "cancelled";
    BOOST_TEST(is(at(night), ticket_stand::ending, "cancelled; its report cannot be written: Not a directory"));
    BOOST_TEST(next(at(night), ticket_event::kind::next_try, "2026-11-20T23:00:01.000Z"));
    for (int tries = 0; tries < 9; ++tries)
        ticket.patience.failed("again", begun, night);
    BOOST_TEST(next(at(night), ticket_event::kind::next_try, "2026-11-20T23:00:15.000Z"));
    ticket.patience.worked();
    BOOST_TEST(ticket.patience.may_try(begun));
    BOOST_TEST(is(at(night), ticket_stand::ending, "cancelled"));
    BOOST_TEST(!at(night).next_event.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
