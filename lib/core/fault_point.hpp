#pragma once
// Named places at which the campaigns of test/ can end, crash or trace the program.

#include <string_view>

namespace kyc {

/// Marks a step of a case's life that has just happened, e.g. "claim.renamed"; `of` is the case's name where one is
/// known. Empty in the program that people run. The program for campaigns (kycd-breakable) links another definition,
/// which does what its environment says: see test/campaigns/fault_points.cpp. Any thread.
void fault_point(const char* step, std::string_view of = {}) noexcept;

} // namespace kyc
