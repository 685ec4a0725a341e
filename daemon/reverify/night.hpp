#pragma once
// A ticket's time, cut into equal pieces, for charts and tables. What lies between two nights is left out.

#include "core/ticket_balance.hpp"
#include "core/time_window.hpp"
#include "ledger/tickets.hpp"
#include "text/durations.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kyc::reverify {

/// How long a piece may be: lengths that people reckon with.
inline constexpr std::array<std::chrono::seconds, 16> round_steps = [] {
    using namespace std::chrono_literals;
    return std::array<std::chrono::seconds, 16>{10s, 30s, 1min, 2min, 5min, 10min, 15min, 30min,
                                                1h,  2h,  3h,   6h,   12h,  24h,   48h,   168h};
}();

/// The cases that ended in one piece.
struct night_piece {
    utc_time from{};
    bool after_pause = false; ///< the window was shut between the piece before and this one
    ticket_balance cases;     ///< how they ended; none of them is not done
    durations answered;       ///< from a case's receipt to its answer
};

struct night {
    std::chrono::seconds step{}; ///< how long a piece is
    std::vector<night_piece> pieces;
};

/// From the first case that ended to the last, in at most so many pieces of the shortest round length that does; pieces
/// begin at multiples of it (UTC). Nothing when no case has ended.
[[nodiscard]] night cut_night(const std::vector<ledger::ticket_case>& cases, const time_window& window,
                              std::size_t most);

/// How long the window was open from one time to another.
[[nodiscard]] std::chrono::milliseconds open_between(const time_window& window, utc_time from, utc_time to);

/// "Mon 23 Nov 22:00 CET" in its parts; as the window's clock tells it, so that no reckoning with zones is done here.
struct clock_words {
    std::string date;
    std::string time;
    std::string zone;
};

[[nodiscard]] clock_words on_the_clock(const time_window& window, utc_time when);

} // namespace kyc::reverify
