#pragma once
// How a ticket stands, for those who look: the status document, the page, the metrics.

#include "core/report_json.hpp"
#include "core/ticket_balance.hpp"
#include "told/ticket_reasons.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc::reverify {

/// What a ticket that has not ended is doing.
enum class ticket_stand {
    selecting, ///< its file is being read, its cases are being chosen
    running,
    waiting, ///< for its window
    held_up, ///< its window is open, but none of its cases gets through
    paused,  ///< until somebody resumes it
    ending,  ///< nothing new is begun; what is in hand is waited for, then its report is written
};

inline constexpr std::array ticket_stands{ticket_stand::selecting, ticket_stand::running, ticket_stand::waiting,
                                          ticket_stand::held_up,   ticket_stand::paused,  ticket_stand::ending};

/// "selecting", "running", "waiting", "held_up", "paused", "ending"
[[nodiscard]] std::string_view to_string(ticket_stand value);

/// What happens next by itself.
struct ticket_event {
    enum class kind { window_opens, window_closes, next_try } what = kind::window_opens;
    utc_time at{};
};

/// "window_opens", "window_closes", "next_try"
[[nodiscard]] std::string_view to_string(ticket_event::kind value);

struct ticket_view {
    std::string name;
    ticket_stand stand = ticket_stand::selecting;
    std::string why; ///< it does not run, a phrase that names no case; empty: it runs
    ticket_balance balance;
    std::size_t in_hand = 0;
    std::uint64_t calls = 0;             ///< paid ones, as far as is known
    std::optional<utc_time> accepted_at; ///< none: it is not yet
    std::optional<ticket_event> next_event;
    std::optional<ticket_pause> paused_by;          ///< none: it is not paused
    std::optional<std::chrono::seconds> still_for;  ///< no case of it has got on, though it may run, or has to end
    std::optional<std::chrono::seconds> done_after; ///< so much time of running; none: nobody knows
};

/// A ticket that has ended, its report written.
struct ended_ticket {
    std::string name;
    ticket_outcome how = ticket_outcome::done;
    std::string why; ///< before all was done, a phrase that names no case; empty: all is done
    ticket_balance balance;
    std::uint64_t calls = 0; ///< paid ones, as far as is known
    utc_time ended_at{};
};

} // namespace kyc::reverify
