#pragma once
// Re-verification tickets as the status document tells them, and the words in which people read of them.

#include "core/json_writer.hpp"
#include "core/ticket_balance.hpp"
#include "told/ticket_view.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// One ticket that has not ended.
struct told_ticket {
    struct event {
        std::string what; ///< "window_opens", "window_closes", "next_try"
        utc_time at{};
    };

    std::string name;
    std::string state; ///< of reverify::ticket_stand, or "stopped": kycd is not running
    std::string why;   ///< it does not run, a phrase; empty: it runs
    ticket_balance balance;
    std::uint64_t in_hand = 0;
    std::uint64_t calls = 0; ///< paid ones, as far as is known
    std::optional<utc_time> accepted_at;
    std::optional<event> next_event;
    std::string paused_by;                         ///< of reverify::ticket_pause; empty: it is not paused
    std::optional<std::uint64_t> forecast_seconds; ///< of running, until all is done; none: nobody knows
};

[[nodiscard]] std::vector<told_ticket> told(const std::vector<reverify::ticket_view>& tickets);

/// What a document "kycd.status/1" says of them. None: it says nothing, being of a version without tickets.
[[nodiscard]] std::optional<std::vector<told_ticket>> tickets_in(const boost::json::object& status);

/// As the document has them.
void write_tickets(json_writer& out, const std::vector<told_ticket>& tickets);
void write_ended_tickets(json_writer& out, const std::vector<reverify::ended_ticket>& tickets);

/// "running", "held up": the state for people.
[[nodiscard]] std::string state_words(const told_ticket& ticket);

/// What happens next or what to do, with its time as far as that is known; empty: nobody knows. Not made printable.
[[nodiscard]] std::string next_words(const told_ticket& ticket, utc_time now);

/// Why it does not run, and what happens next and when: "outside its window, 22:00-06:00 UTC; the window opens at
/// 2026-11-20 22:00:00Z, in 3h 05m". Never empty. Made printable.
[[nodiscard]] std::string ticket_words(const told_ticket& ticket, utc_time now);

} // namespace kyc
