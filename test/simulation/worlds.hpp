#pragma once
// The servers that kycd's pacing is chosen and tested with.

#include "simulation/run.hpp"

#include <vector>

namespace kyc::simulation {

/// Servers that count requests.
std::vector<world> limited_worlds();

/// Servers that get slow, or break down, under too many calls at a time.
std::vector<world> slow_worlds();

} // namespace kyc::simulation
