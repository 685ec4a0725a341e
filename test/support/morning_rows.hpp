#pragma once
// Made-up tickets whose reports are looked at: in a browser, by a schema, by a spreadsheet's eyes.

#include "reverify/morning_report.hpp"

#include <string>
#include <vector>

namespace kyc::reverify {

/// "night": 5,000 cases in one night in which the clock is set back, 7 of 100 changed. "values": the same with personal
/// data. "nights": two nights, and it is not done. "hostile": names, reasons and values that would break a page or a
/// spreadsheet. "empty": nothing selected. "one": one case. "many": 100,000 cases, most of them skipped or not done.
/// "failed": all failed.
[[nodiscard]] const std::vector<std::string>& made_up_kinds();

/// Throws std::invalid_argument for another kind.
[[nodiscard]] report_source make_up(const std::string& kind);

} // namespace kyc::reverify
