#pragma once
// The morning report of a ticket: outbox/reverify/<ticket>/report.{json,csv,html} (design section 9).

#include "core/answer_change.hpp"
#include "core/ticket.hpp"
#include "ledger/tickets.hpp"
#include "reverify/left_out.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyc::reverify {

/// What a report is written from.
struct report_source {
    ledger::ticket_record about; ///< still open while the ticket waits for the next night, or is paused
    ticket asked;
    time_window window;                     ///< the one that holds for it
    std::vector<ledger::ticket_case> cases; ///< all, by number
    left_out left;                          ///< what was meant and is not among them
    std::uint64_t awaited = 0;              ///< tasks that have no answer yet, among those that have not ended
    utc_time written_at{};
    /// With reports.personal_data: the two answers of a changed case, compared anew from the folder where they stand;
    /// none when they are not there any more. Empty function: no personal data in the report.
    std::function<std::optional<answer_change>(const ledger::ticket_case&)> values;
};

struct report_texts {
    std::string json; ///< schema kycd.reverification/1, docs/schemas/reverification.json
    std::string csv;  ///< RFC 4180, a line per case; formulas neutralised
    std::string html; ///< self-contained: no script, no external resource
};

/// Pure but for `values`.
[[nodiscard]] report_texts write_reports(const report_source& from);

} // namespace kyc::reverify
