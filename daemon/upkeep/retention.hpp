#pragma once
// Forgetting cases when their time is over: the settings under `retention`, for the daemon and for `kycd purge`.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"
#include "fs/removal.hpp"
#include "fs/spool_layout.hpp"
#include "log/log.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kyc {

struct case_world;

/// One of the settings: what is kept, and for how long.
struct retention_rule {
    fs::spool_root from;
    std::string setting; ///< "retention.outbox", "retention.failed"
    std::chrono::milliseconds keep;
};

/// The rules that are not off.
[[nodiscard]] std::vector<retention_rule> rules_of(const retention_settings& settings);

/// What one rule came to.
struct retention_outcome {
    std::uint64_t removed = 0;
    std::uint64_t held = 0; ///< their time is over, but they bear the mark (fs::hold_mark)
    std::uint64_t left = 0; ///< could not be removed, see `trouble`
    std::string trouble;    ///< the last one met, a sentence; empty: none

    void note(const result<fs::removal>& came_to);
};

/// "retention.outbox 90d: 3 cases removed from outbox/, 1 kept for its .hold"; no case is named.
[[nodiscard]] std::string describe(const retention_rule& rule, const retention_outcome& outcome);

/// The same for the log: the line that describes it with its numbers as fields, and a warning for what could not be
/// removed. Nothing is said of a rule that found nothing to remove. `then` ends the warning: what comes next.
void log_removals(const retention_rule& rule, const retention_outcome& outcome, const std::string& then,
                  log::fields about = {});

/// Applies the rules now and each hour: removes the cases, and reduces what the ledger knows of those that are gone to
/// hashes and outcome. Trouble is logged, and tried again an hour later. Ends by cancellation only.
[[nodiscard]] async::awaitable<void> keep_retention(case_world& world);

} // namespace kyc
