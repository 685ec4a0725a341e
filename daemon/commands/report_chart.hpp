#pragma once
// The chart of the HTML report: SVG that needs no script. It says in words what it shows, and a table beside it has the
// figures.

#include "commands/period.hpp"

#include <string>

namespace kyc {

/// A stacked bar for each day of the period (UTC), days without cases included, for the last 366 of them at most; with
/// its key. Empty when nothing ended. Colours are the page's custom properties --pass, --fail, --open and --lost.
[[nodiscard]] std::string day_chart(const period& report);

} // namespace kyc
