#pragma once
// The delivered cases of an outbox that a ticket selects.

#include "core/result.hpp"
#include "core/service.hpp"
#include "core/ticket.hpp"
#include "fs/spool_layout.hpp"
#include "reverify/left_out.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace kyc::reverify {

struct selected_cases {
    std::vector<chosen_case> cases;            ///< in the order in which they run, canaries first
    std::size_t looked_at = 0;                 ///< delivered cases that were read: not those of other services or names
    left_out left;                             ///< what is meant, but not among them
    std::vector<std::string> missing_canaries; ///< names that no delivered case has
};

/// Reads result.json of every delivered case that may be meant (and the manifest, where the ticket asks for labels) and
/// chooses; no link is followed. Blocks for as long as that takes, some 30 us a case; `go_on` is asked every few
/// hundred cases and ends it with ECANCELED. A fault means that the outbox cannot be read.
[[nodiscard]] result<selected_cases> select_cases(const fs::spool_layout& layout, const service_table& services,
                                                  const ticket& asked, utc_time now,
                                                  const std::function<bool()>& go_on);

} // namespace kyc::reverify
