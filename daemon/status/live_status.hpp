#pragma once
// What the running daemon says about itself: the document behind the status socket.

#include "async/loop_latency.hpp"
#include "figures/disk_watch.hpp"
#include "life/case_world.hpp"
#include "life/intake.hpp"
#include "status/health.hpp"

#include <string>

namespace kyc {

/// The document "kycd.status/1" as of now: what is paused and why, where the cases are, what was done lately and since
/// the start. It names no case, and no folder that a producer made, unless `admin.show_case_names` asks for the names
/// of failed cases. Reads numbers that are there already, asks no disk and waits for nothing. Loop's thread only.
[[nodiscard]] std::string live_status(case_world& world, const intake& taking, const async::loop_latency& loop,
                                      const disk_readings& disk, const health_report& health);

} // namespace kyc
