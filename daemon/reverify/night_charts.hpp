#pragma once
// The charts of a morning report: SVG that needs no script. Each says in words what it shows, and the table of the
// night has the figures.

#include "reverify/night.hpp"

#include <string>

namespace kyc::reverify {

/// A stacked bar for each piece: how many cases ended, and how. Empty for fewer than two pieces.
[[nodiscard]] std::string throughput_chart(const night& of, const time_window& window);

/// A line each for the time that half, 95 and 99 of 100 answers took no longer than. Empty for fewer than two pieces
/// with answers.
[[nodiscard]] std::string latency_chart(const night& of, const time_window& window);

/// "5 minutes", "1 hour"
[[nodiscard]] std::string step_words(std::chrono::seconds step);

} // namespace kyc::reverify
