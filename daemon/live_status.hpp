#pragma once
// What the running daemon says about itself: the document behind the status socket.

#include "async/loop_latency.hpp"
#include "case_world.hpp"
#include "core/report_json.hpp"
#include "intake.hpp"

#include <string>

namespace kyc {

/// The document "kycd.status/1" as of now: what is paused and why, what is in hand, what was done since `started`.
/// Reads numbers that are there already, asks no disk and waits for nothing. Loop's thread only.
[[nodiscard]] std::string live_status(const case_world& world, const intake& taking, const async::loop_latency& loop,
                                      utc_time started);

} // namespace kyc
