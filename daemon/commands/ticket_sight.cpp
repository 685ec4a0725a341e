#include "commands/ticket_sight.hpp"

#include "fs/ticket_files.hpp"

#include <algorithm>

namespace kyc {

namespace {

using ledger::ticket_state;

std::string stopped_words(const spool_view& view) {
    return view.running().value_or(true) ? "kycd does not say what it does with it"
                                         : "kycd is not running; it goes on when kycd is started";
}

told_ticket of_ledger(const spool_view& view, const ledger::ticket_standing& row) {
    told_ticket one;
    one.name = row.about.name;
    one.balance = row.balance;
    one.calls = row.calls;
    one.accepted_at = row.about.accepted_at;
    if (row.about.state == ticket_state::paused || row.about.state == ticket_state::pausing) {
        one.state = "paused";
        one.why = row.about.why;
        one.paused_by = to_string(reverify::pause_of(row.about.why));
    } else {
        one.state = "stopped";
        one.why = stopped_words(view);
    }
    return one;
}

/// What the name of a file says while nobody has acted upon it.
void heed(told_ticket& ticket, fs::ticket_wish wish, const spool_view& view) {
    switch (wish) {
    case fs::ticket_wish::run:
        ticket.state = "stopped";
        ticket.paused_by.clear();
        ticket.why = stopped_words(view);
        break;
    case fs::ticket_wish::pause:
        ticket.state = "paused";
        if (ticket.paused_by.empty()) {
            ticket.why = reverify::paused_by_name;
            ticket.paused_by = to_string(reverify::ticket_pause::person);
        }
        break;
    case fs::ticket_wish::cancel:
        ticket.state = "stopped";
        ticket.paused_by.clear();
        ticket.why = "cancelled by the name of its file; " + stopped_words(view);
        break;
    }
}

} // namespace

std::vector<told_ticket> tickets_of(spool_view& view) {
    if (view.live() != nullptr)
        if (auto said = tickets_in(*view.live())) return std::move(*said);
    std::vector<told_ticket> all;
    if (view.ledger() != nullptr) {
        const auto rows = view.ledger()->tickets();
        if (!rows) view.add_trouble(rows.error());
        if (rows)
            for (const auto& row : *rows)
                if (row.about.state != ticket_state::ended) all.push_back(of_ledger(view, row));
    }
    const auto files = fs::list_tickets(view.layout());
    if (!files) {
        // What is missing has been told.
        if (view.missing_root_of(view.layout().roots().inbox) == nullptr) view.add_trouble(files.error().message());
        return all;
    }
    for (const auto& file : *files) {
        const auto is_it = [&file](const auto& each) { return each.name == file.name; };
        auto known = std::find_if(all.begin(), all.end(), is_it);
        if (known == all.end()) {
            known = all.insert(all.end(), told_ticket());
            known->name = file.name;
        }
        heed(*known, file.wish, view);
    }
    return all;
}

} // namespace kyc
