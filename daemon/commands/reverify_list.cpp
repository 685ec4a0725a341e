#include "commands/reverify_list.hpp"

#include "core/json_members.hpp"
#include "core/json_writer.hpp"
#include "core/plain_text.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <ostream>

namespace kyc {

namespace {

std::string state_by_file(fs::ticket_wish wish) {
    switch (wish) {
    case fs::ticket_wish::pause:
        return "paused";
    case fs::ticket_wish::cancel:
        return "cancelled";
    case fs::ticket_wish::run:
        break;
    }
    return "new";
}

/// What its name asks for holds, whether or not kycd has seen to it: it begins nothing without that name.
std::string state_of(const ledger::ticket_record& about, const std::optional<fs::ticket_file>& file) {
    const bool runs = about.state == ledger::ticket_state::running || about.state == ledger::ticket_state::selecting;
    if (runs && file && file->wish != fs::ticket_wish::run) return state_by_file(file->wish);
    const bool waits = runs || about.state == ledger::ticket_state::paused;
    if (waits && file && file->wish == fs::ticket_wish::cancel) return state_by_file(file->wish);
    return std::string(to_string(about.state));
}

tone tone_of_state(const std::string& state) {
    if (state == "ended") return tone::plain;
    return state == "paused" || state == "pausing" || state == "cancelled" ? tone::notice : tone::good;
}

} // namespace

std::vector<seen_ticket> join_tickets(const std::vector<ledger::ticket_standing>& known,
                                      const std::vector<fs::ticket_file>& files) {
    std::vector<seen_ticket> joined;
    std::vector<bool> met(files.size(), false);
    for (const auto& each : known) {
        seen_ticket one{each.about.name, {}, std::nullopt, each, each.about.why, printable(each.about.why)};
        if (each.about.state != ledger::ticket_state::ended)
            for (std::size_t i = 0; i < files.size(); ++i)
                if (files[i].name == each.about.name) {
                    one.file = files[i];
                    met[i] = true;
                }
        one.state = state_of(each.about, one.file);
        joined.push_back(std::move(one));
    }
    for (std::size_t i = 0; i < files.size(); ++i)
        if (!met[i]) joined.push_back({files[i].name, state_by_file(files[i].wish), files[i], std::nullopt, {}, {}});
    return joined;
}

void explain(std::vector<seen_ticket>& tickets, const std::vector<told_ticket>& told, utc_time now) {
    for (auto& each : tickets) {
        if (each.state == to_string(ledger::ticket_state::ended)) continue;
        const auto is_it = [&each](const auto& one) { return one.name == each.name; };
        const auto found = std::find_if(told.begin(), told.end(), is_it);
        if (found == told.end() || found->why.empty()) continue;
        each.why = found->why;
        each.words = ticket_words(*found, now);
    }
}

namespace {

void print_strays(std::ostream& out, const std::vector<fs::ticket_stray>& strays) {
    for (const auto& each : strays)
        out << printable(each.file) << " is never taken: " << each.why << "\n";
}

} // namespace

void print_tickets(std::ostream& out, const std::vector<seen_ticket>& tickets,
                   const std::vector<fs::ticket_stray>& strays, const painter& paint) {
    if (tickets.empty()) {
        out << "there is no ticket\n";
        print_strays(out, strays);
        return;
    }
    text_table table(
        {"ticket", "state", "since", "selected", "unchanged", "changed", "failed", "skipped", "not done", "calls"});
    for (const auto& each : tickets) {
        const auto& standing = each.standing;
        const auto number = [&](std::uint64_t value) { return standing ? std::to_string(value) : std::string("-"); };
        const auto balance = standing ? standing->balance : ticket_balance();
        const auto since = standing    ? standing->about.ended_at.value_or(standing->about.accepted_at)
                           : each.file ? each.file->written_at
                                       : utc_time{};
        table.add({each.name, each.state, time_words(since), number(balance.selected), number(balance.unchanged),
                   number(balance.changed), number(balance.failed), number(balance.skipped), number(balance.not_done()),
                   number(standing ? standing->calls : 0)});
    }
    table.print(out, {3, 4, 5, 6, 7, 8, 9}, [&](std::size_t line, std::size_t column, std::string text) {
        return line > 0 && column == 1 ? paint(tone_of_state(tickets[line - 1].state), std::move(text)) : text;
    });
    for (const auto& each : tickets)
        if (!each.words.empty()) out << printable(each.name) << ": " << each.words << "\n";
    print_strays(out, strays);
}

std::string tickets_json(const std::vector<seen_ticket>& tickets, const std::vector<fs::ticket_stray>& strays) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.tickets/1");
    out.key("tickets");
    out.begin_array();
    for (const auto& each : tickets) {
        const auto& standing = each.standing;
        out.begin_object();
        out.key("ticket");
        out.text(each.name);
        out.key("state");
        out.text(each.state);
        out.key("file");
        out.text_or_null(each.file ? std::optional(each.file->file) : std::nullopt);
        out.key("why");
        out.known_text(each.why);
        write_time(out, "accepted_at", standing ? std::optional(standing->about.accepted_at) : std::nullopt);
        write_time(out, "begun_at", standing ? standing->about.begun_at : std::nullopt);
        write_time(out, "ended_at", standing ? standing->about.ended_at : std::nullopt);
        out.key("balance");
        if (standing) {
            out.begin_object();
            standing->balance.write(out);
            out.end_object();
        } else {
            out.null();
        }
        out.key("calls");
        if (standing)
            out.integer(standing->calls);
        else
            out.null();
        out.key("report");
        out.known_text(standing ? standing->about.place : std::string());
        out.end_object();
    }
    out.end_array();
    out.key("strays");
    out.begin_array();
    for (const auto& each : strays) {
        out.begin_object();
        out.key("file");
        out.text(each.file);
        out.key("why");
        out.text(each.why);
        out.end_object();
    }
    out.end_array();
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc
