#pragma once
// What the metrics tell of re-verification tickets. None has a ticket's name: every night has another one.

#include "admin/metrics.hpp"
#include "core/ticket_balance.hpp"
#include "told/ticket_view.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace kyc {

/// Counted since the start.
struct ticket_counts {
    std::uint64_t refused = 0;                                                   ///< BAD_TICKET
    std::array<std::uint64_t, reverify::ticket_outcomes.size()> ended{};         ///< tickets, by ticket_outcome
    std::map<std::string, std::map<ticket_case_end, std::uint64_t>> cases_ended; ///< by service
};

/// `open`: those that have not ended.
void write_ticket_metrics(admin::metrics_page& page, const ticket_counts& counted,
                          const std::vector<reverify::ticket_view>& open);

} // namespace kyc
