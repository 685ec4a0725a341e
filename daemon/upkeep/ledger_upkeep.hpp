#pragma once
// What the ledger needs besides the cases' own writes: rebuilding what was lost, and writing and forgetting in time.

#include "life/case_world.hpp"

namespace kyc {

/// Brings what outbox/ and failed/ show into a ledger that was begun anew, so that `list`, `show` and the search for
/// equal images know the cases of before. Runs beside the cases, a few hundred folders at a time.
[[nodiscard]] async::awaitable<void> rebuild_history(case_world& world);

/// Takes up how long answers take from where an earlier process left off.
[[nodiscard]] async::awaitable<void> recall_answer_times(case_world& world);

/// Notes in the ledger what was learnt about answers since the last call.
void keep_answer_times(case_world& world);

/// Commits what was noted without waiting for it, and looks whether the ledger's file is still in its place, each
/// second; forgets answers that `intake.dedupe` keeps no longer; keeps the answer times each minute.
/// Ends by cancellation only.
[[nodiscard]] async::awaitable<void> keep_ledger(case_world& world);

} // namespace kyc
