#pragma once
// Why tickets stand still or end: the sentences that their records keep, and back from a sentence to its kind, for the
// record of an earlier process has nothing else.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace kyc::reverify {

/// Who paused a ticket.
enum class ticket_pause {
    person,   ///< by the name of its file
    canaries, ///< kycd: they did not end as expected
    ledger,   ///< kycd: it may have forgotten what was done for the ticket
};

inline constexpr std::array ticket_pauses{ticket_pause::person, ticket_pause::canaries, ticket_pause::ledger};

/// "person", "canaries", "ledger"
[[nodiscard]] std::string_view to_string(ticket_pause value);

/// How a ticket ended.
enum class ticket_outcome {
    done,       ///< nothing of it is left
    cancelled,  ///< by the name of its file, or the file was taken away
    stop_if,    ///< more failed, or changed, than it allows
    budget,     ///< budget.calls is spent
    window,     ///< it closed, and the ticket says "unfinished: end"
    unreadable, ///< a start could not read it any more
};

inline constexpr std::array ticket_outcomes{ticket_outcome::done,    ticket_outcome::cancelled,
                                            ticket_outcome::stop_if, ticket_outcome::budget,
                                            ticket_outcome::window,  ticket_outcome::unreadable};

/// "done", "cancelled", "stop_if", "budget", "window", "unreadable"
[[nodiscard]] std::string_view to_string(ticket_outcome value);

// What the desk writes down. A sentence that is none of these is the canaries' (a pause) or stop_if's (an end).

inline constexpr std::string_view paused_by_name = "paused by the name of its file";
inline constexpr std::string_view paused_for_ledger =
    "the ledger was damaged and may have forgotten what was done for this ticket";
inline constexpr std::string_view ended_by_name = "cancelled";
inline constexpr std::string_view ended_without_file = "cancelled: its file was taken out of the inbox";
inline constexpr std::string_view ended_with_window = "its window has closed, and it says 'unfinished: end'";
inline constexpr std::string_view ended_unreadable = "it cannot be read any more";

/// "its budget of 500 calls is spent"
[[nodiscard]] std::string ended_by_budget(std::uint64_t calls);

/// Of the reason of a ticket that is paused.
[[nodiscard]] ticket_pause pause_of(std::string_view why);

/// Of the reason of a ticket that ends; empty: all was done.
[[nodiscard]] ticket_outcome outcome_of(std::string_view why);

/// The reason of an end for where no case may be named: what is wrong with a ticket's text may quote names from it.
[[nodiscard]] std::string end_reason_without_names(std::string_view why);

} // namespace kyc::reverify
