#pragma once
// The start after a stop or a crash: folders say where a case's bytes are, the ledger what was said about it (design
// section 7).

#include "case_world.hpp"
#include "process_case.hpp"

#include <vector>

namespace kyc {

/// Joins what lies in work/ with the ledger's open records; a folder without a record was never sent. A record whose
/// folder has left work/ is closed from what the folders show. Each case counts as open from here on.
[[nodiscard]] async::awaitable<std::vector<case_start>> recover_cases(case_world& world,
                                                                      std::vector<fs::claimed_case> in_work);

/// process_case() for a case from an earlier run: takes the capacity that a claim would have taken first.
[[nodiscard]] async::awaitable<void> resume_case(case_world& world, case_start start);

} // namespace kyc
