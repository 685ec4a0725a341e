#pragma once
// What the day book needs besides what cases tell it: the day before the start, and a look at the backlog.

#include "life/case_world.hpp"

#include <cstdint>

namespace kyc {

/// Reads from the ledger what ended within the last day, before this process began, and adds it to the day book. On the
/// pool, beside the cases; a ledger that cannot be read is only said, since the next cases are told all the same.
[[nodiscard]] async::awaitable<void> recall_day(case_world& world);

/// Notes the backlog for the history, several times a minute. Ends by cancellation only.
[[nodiscard]] async::awaitable<void> note_backlog(case_world& world);

/// Cases that end by themselves: all but those that are not ready.
[[nodiscard]] std::uint64_t backlog_of(const census& stands);

} // namespace kyc
