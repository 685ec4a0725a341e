#pragma once
// The start after a stop or a crash: folders say where a case's bytes are, the ledger what was said about it (design
// section 7).

#include "async/task_group.hpp"
#include "life/case_world.hpp"
#include "life/process_case.hpp"

#include <vector>

namespace kyc {

/// What an earlier process left open.
struct recovered_cases {
    std::vector<case_start> live;
    std::vector<ledger::case_record> bulk; ///< as they are: for the tickets they belong to
};

/// Joins what lies in work/ with the ledger's open records; a folder without a record was never sent. A record whose
/// folder has left work/ is closed from what the folders show. Each live case counts as open from here on.
[[nodiscard]] async::awaitable<recovered_cases> recover_cases(case_world& world, std::vector<fs::claimed_case> in_work);

/// Runs those cases on, each with the capacity that its claim took, as it comes free: so that they are read, and their
/// earlier ends found, a few at a time. Returns when the last one has begun. What was sent goes first, its task or its
/// answer may be waited for by others.
[[nodiscard]] async::awaitable<void> resume_cases(case_world& world, std::vector<case_start> starts,
                                                  async::task_group& cases);

/// As resume_cases(), for one case that was half claimed; to the end of what can be done for it now.
[[nodiscard]] async::awaitable<void> resume_case(case_world& world, case_start start);

} // namespace kyc
