#include "told/told_tickets.hpp"

#include "core/json_members.hpp"
#include "text/words.hpp"
#include "told/status_fields.hpp"

#include <algorithm>

namespace kyc {

namespace json = boost::json;

namespace {

/// A sum that does not add up would be shown as an absurd number of cases to be done.
ticket_balance balance_in(const json::object& from) {
    ticket_balance balance;
    balance.unchanged = number_in(from, "unchanged");
    balance.changed = number_in(from, "changed");
    balance.failed = number_in(from, "failed");
    balance.skipped = number_in(from, "skipped");
    balance.selected = std::max(number_in(from, "selected"), balance.ended());
    return balance;
}

std::string moment_words(utc_time at, utc_time now) {
    return time_words(at) + (at > now ? ", in " + age_words(at - now) : "");
}

} // namespace

std::vector<told_ticket> told(const std::vector<reverify::ticket_view>& tickets) {
    std::vector<told_ticket> all;
    for (const auto& each : tickets) {
        told_ticket one;
        one.name = each.name;
        one.state = to_string(each.stand);
        one.why = each.why;
        one.balance = each.balance;
        one.in_hand = each.in_hand;
        one.calls = each.calls;
        one.accepted_at = each.accepted_at;
        if (each.paused_by) one.paused_by = to_string(*each.paused_by);
        if (each.done_after) one.forecast_seconds = static_cast<std::uint64_t>(each.done_after->count());
        if (each.next_event)
            one.next_event = told_ticket::event{std::string(to_string(each.next_event->what)), each.next_event->at};
        all.push_back(std::move(one));
    }
    return all;
}

std::optional<std::vector<told_ticket>> tickets_in(const json::object& status) {
    if (!status.contains("tickets")) return std::nullopt;
    std::vector<told_ticket> all;
    for (const auto* each : objects_in(status, "tickets")) {
        told_ticket one;
        one.name = text_in(*each, "name");
        one.state = text_in(*each, "state");
        one.why = text_in(*each, "why");
        one.balance = balance_in(*each);
        one.in_hand = number_in(*each, "in_hand");
        one.calls = number_in(*each, "calls");
        one.accepted_at = from_iso8601(text_in(*each, "accepted_at"));
        one.paused_by = text_in(*each, "paused_by");
        if (const auto left = number_in(*each, "forecast_seconds"); left > 0) one.forecast_seconds = left;
        if (const auto* event = object_member(*each, "next_event"))
            if (const auto at = from_iso8601(text_in(*event, "at")))
                one.next_event = told_ticket::event{text_in(*event, "what"), *at};
        all.push_back(std::move(one));
    }
    return all;
}

void write_tickets(json_writer& out, const std::vector<told_ticket>& tickets) {
    out.begin_array();
    for (const auto& each : tickets) {
        out.begin_object();
        out.key("name");
        out.text(each.name);
        out.key("state");
        out.text(each.state);
        out.key("why");
        out.known_text(each.why);
        each.balance.write(out);
        write_number(out, "in_hand", each.in_hand);
        write_number(out, "calls", each.calls);
        write_time(out, "accepted_at", each.accepted_at);
        out.key("next_event");
        if (each.next_event) {
            out.begin_object();
            out.key("what");
            out.text(each.next_event->what);
            out.key("at");
            out.text(to_iso8601(each.next_event->at));
            out.end_object();
        } else {
            out.null();
        }
        out.key("paused_by");
        out.known_text(each.paused_by);
        out.key("forecast_seconds");
        if (each.forecast_seconds) {
            out.integer(*each.forecast_seconds);
        } else {
            out.null();
        }
        out.end_object();
    }
    out.end_array();
}

void write_ended_tickets(json_writer& out, const std::vector<reverify::ended_ticket>& tickets) {
    out.begin_array();
    for (const auto& each : tickets) {
        out.begin_object();
        out.key("name");
        out.text(each.name);
        out.key("how");
        out.text(to_string(each.how));
        out.key("why");
        out.known_text(each.why);
        each.balance.write(out);
        write_number(out, "calls", each.calls);
        write_time(out, "ended_at", each.ended_at);
        out.end_object();
    }
    out.end_array();
}

std::string state_words(const told_ticket& ticket) {
    auto words = printable(ticket.state);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

std::string next_words(const told_ticket& ticket, utc_time now) {
    if (ticket.next_event) {
        const auto& [what, at] = *ticket.next_event;
        if (what == "window_opens") return "its window opens at " + moment_words(at, now);
        if (what == "window_closes") return "its window closes at " + moment_words(at, now);
        if (what == "next_try") return "next try at " + moment_words(at, now);
    }
    if (ticket.state == "paused") return "'kycd reverify resume " + ticket.name + "' lets it go on";
    if (ticket.state == "ending" && !ticket.accepted_at) return "its file is about to be removed";
    if (ticket.state == "ending")
        return ticket.in_hand == 0 ? "its report is being written"
                                   : "its report is written once what is in hand is answered";
    return {};
}

std::string ticket_words(const told_ticket& ticket, utc_time now) {
    auto words = ticket.why;
    const auto next = next_words(ticket, now);
    if (words.empty() && ticket.state == "running") words = "it runs";
    if (!next.empty()) words += (words.empty() ? "" : "; ") + next;
    return printable(words.empty() ? ticket.state : words);
}

} // namespace kyc
