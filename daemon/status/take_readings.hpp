#pragma once
// Reads for the metrics what others keep anyway.

#include "async/loop_latency.hpp"
#include "figures/instruments.hpp"
#include "life/case_world.hpp"
#include "life/intake.hpp"
#include "start/api_link.hpp"

namespace kyc {

/// As of now. Asks no disk and waits for nothing. Loop's thread only.
[[nodiscard]] readings take_readings(const case_world& world, const intake& taking, const async::loop_latency& loop,
                                     const disk_readings& disk, const api_link& link);

} // namespace kyc
