#pragma once
// What came of the cases: for those who pay for them and those who answer for them.

#include "commands/period.hpp"
#include "config/options.hpp"

#include <string>

namespace kyc {

/// Prints a report on the cases that ended, in the form that was asked for. It names no case. 73 when the ledger cannot
/// be read.
[[nodiscard]] exit_code report_command(const report_options& options);

/// A page that needs nothing else: no script, no file beside it, nothing from the network.
[[nodiscard]] std::string report_html(const period& report);

} // namespace kyc
