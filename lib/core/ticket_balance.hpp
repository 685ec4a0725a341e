#pragma once
// What became of a ticket's cases: selected = unchanged + changed + failed + skipped + not done, at every moment.

#include "core/json_writer.hpp"
#include "core/ticket.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// How a ticket's case ended, or that it did not yet.
enum class ticket_case_end {
    waiting, ///< not done yet, or never begun: counts as not done
    unchanged,
    changed,
    failed,  ///< the API or the way to it: the old result stands
    skipped, ///< was not sent: its images were purged, changed or held, or it has left the outbox
};

/// "waiting", "unchanged", "changed", "failed", "skipped": as in the ledger. The way back reads every other word as the
/// first one.
[[nodiscard]] std::string_view to_string(ticket_case_end value);
[[nodiscard]] ticket_case_end ticket_case_end_from(std::string_view word);

struct ticket_balance {
    std::uint64_t selected = 0;
    std::uint64_t unchanged = 0;
    std::uint64_t changed = 0;
    std::uint64_t failed = 0;
    std::uint64_t skipped = 0;

    [[nodiscard]] std::uint64_t ended() const { return unchanged + changed + failed + skipped; }

    [[nodiscard]] std::uint64_t not_done() const { return selected - ended(); }

    /// So many more have ended so; nothing for `waiting`.
    void add(ticket_case_end how, std::uint64_t cases = 1);

    /// Its numbers as members of an object that is begun: "selected", …, "not_done".
    void write(json_writer& out) const;

    /// "5000 selected = 4650 unchanged + 350 changed + 0 failed + 0 skipped + 0 not done"
    [[nodiscard]] std::string line() const;

    bool operator==(const ticket_balance&) const = default;
};

/// Why the ticket has to stop: stop_if_failed or stop_if_changed is met; a sentence with both numbers. None: it goes
/// on. A share is judged among the cases that were answered or failed, once there are 20 of them (all that are left
/// without the skipped ones, when these are fewer).
[[nodiscard]] std::optional<std::string> reason_to_stop(const ticket& asked, const ticket_balance& so_far);

} // namespace kyc
