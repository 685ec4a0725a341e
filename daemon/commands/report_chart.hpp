#pragma once
// The charts of the HTML report: SVG that needs no script. Each says in words what it shows, and a table beside it has
// the figures.

#include "commands/period.hpp"

#include <cstdint>
#include <string>

namespace kyc {

/// A stacked bar for each day of the period (UTC), days without cases included, for the last 366 of them at most; with
/// its key. Empty when nothing ended. Colours are the page's custom properties --pass, --fail, --open and --lost.
[[nodiscard]] std::string day_chart(const period& report);

/// A bar as long as `cases` is of `most`, for a cell of a table.
[[nodiscard]] std::string share_bar(std::uint64_t cases, std::uint64_t most);

} // namespace kyc
