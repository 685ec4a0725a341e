#include "told/told_tickets.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace kyc;

namespace {

const utc_time now = *from_iso8601("2026-11-20T22:14:05.000Z");

told_ticket one_that_is(std::string state, std::string why = {}) {
    told_ticket made;
    made.name = "night";
    made.state = std::move(state);
    made.why = std::move(why);
    return made;
}

told_ticket with_event(told_ticket made, std::string what) {
    made.next_event = told_ticket::event{std::move(what), now + std::chrono::minutes(90)};
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(told_tickets_suite)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
    reverify::ticket_view view;
    view.name = "night";
    view.stand = reverify::ticket_stand::held_up;
    view.why = "the API is down";
    view.balance = {10, 3, 2, 1, 1};
    view.in_hand = 2;
    view.calls = 9;
    view.accepted_at = now;
    view.next_event = reverify::ticket_event{reverify::ticket_event::kind::next_try, now + std::chrono::seconds(7)};
    view.paused_by = reverify::ticket_pause::ledger;
    view.done_after = std::chrono::seconds(1800);
    json_writer out;
    out.begin_object();
    out.key("tickets");
    write_tickets(out, told({view}));
    out.end_object();
    const auto read = tickets_in(boost::json::parse(std::move(out).finish()).as_object());
    BOOST_REQUIRE(read.has_value());
    BOOST_REQUIRE(read->size() == 1u);
    const auto& one = read->front();
    BOOST_TEST(one.name == "night");
    BOOST_TEST(one.state == "held_up");
    BOOST_TEST(state_words(one) == "held up");
    BOOST_TEST((one.balance == view.balance));
    BOOST_TEST(one.balance.not_done() == 3u);
    BOOST_TEST(one.in_hand == 2u);
    BOOST_TEST(one.calls == 9u);
    BOOST_TEST((one.accepted_at == now));
    BOOST_TEST(one.paused_by == "ledger");
    BOOST_TEST((one.forecast_seconds == std::uint64_t{1800}));
    BOOST_TEST(ticket_words(one, now) == "the API is down; next try at 2026-11-20 22:14:12Z, in 7s");
}

BOOST_AUTO_TEST_CASE(tickets_that_have_ended_tell_how) {
    reverify::ended_ticket ended;
    ended.name = "night";
    ended.how = reverify::ticket_outcome::stop_if;
    ended.why = "3 of 10 cases failed";
    ended.balance = {10, 3, 0, 3, 0};
    ended.calls = 6;
    ended.ended_at = now;
    json_writer out;
    write_ended_tickets(out, {ended});
    const auto written = boost::json::serialize(boost::json::parse(std::move(out).finish()));
    BOOST_TEST(
        written ==
        R"([{"name":"night","how":"stop_if","why":"3 of 10 cases failed","selected":10,"unchanged":3,"changed":0,)"
        R"("failed":3,"skipped":0,"not_done":4,"calls":6,"ended_at":"2026-11-20T22:14:05.000Z"}])");
}

BOOST_AUTO_TEST_CASE(a_document_of_a_version_without_tickets_is_not_one_that_has_none) {
    BOOST_TEST(!tickets_in(boost::json::parse("{}").as_object()).has_value());
    const auto none = tickets_in(boost::json::parse(R"({"tickets": []})").as_object());
    BOOST_REQUIRE(none.has_value());
    BOOST_TEST(none->empty());
    const auto odd = tickets_in(boost::json::parse(R"({"tickets": [1, {"selected": -1, "changed": 3}]})").as_object());
    BOOST_REQUIRE(odd.has_value());
    BOOST_REQUIRE(odd->size() == 1u);
    BOOST_TEST(odd->front().balance.not_done() == 0u);
}

BOOST_AUTO_TEST_CASE(every_state_says_what_comes_next) {
    BOOST_TEST(ticket_words(one_that_is("running"), now) == "it runs");
    BOOST_TEST(ticket_words(with_event(one_that_is("running"), "window_closes"), now) ==
               "it runs; its window closes at 2026-11-20 23:44:05Z, in 1h 30m");
    BOOST_TEST(ticket_words(with_event(one_that_is("waiting", "outside its window, 1-2"), "window_opens"), now) ==
               "outside its window, 1-2; its window opens at 2026-11-20 23:44:05Z, in 1h 30m");
    BOOST_TEST(ticket_words(one_that_is("paused", "paused by the name of its file"), now) ==
               "paused by the name of its file; 'kycd reverify resume night' lets it go on");
    auto ending = one_that_is("ending", "cancelled before it began");
    BOOST_TEST(ticket_words(ending, now) == "cancelled before it began; its file is about to be removed");
    ending = one_that_is("ending", "cancelled");
    ending.accepted_at = now;
    BOOST_TEST(ticket_words(ending, now) == "cancelled; its report is being written");
    ending.in_hand = 3;
    BOOST_TEST(ticket_words(ending, now) == "cancelled; its report is written once what is in hand is answered");
    BOOST_TEST(ticket_words(one_that_is("a later state"), now) == "a later state");
}

BOOST_AUTO_TEST_SUITE_END()
