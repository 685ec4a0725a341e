#pragma once
// The inbox's idea of time, so that tests need not sleep.

#include "fs/inbox.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace kyc::fs::intake {

/// Two clocks: ours for what we observe, the system's for what files carry. May be called on several threads.
struct inbox_clock {
    std::function<std::chrono::steady_clock::time_point()> steady = [] { return std::chrono::steady_clock::now(); };
    std::function<std::chrono::system_clock::time_point()> system = [] { return std::chrono::system_clock::now(); };
    /// Never rely on the files' own times, as on a network file system.
    bool only_observe = false;
    /// How long a listing goes on reading priorities, after the first few.
    std::chrono::milliseconds reading_time{50};
};

/// make_inbox with other clocks.
[[nodiscard]] std::unique_ptr<inbox> make_inbox(spool_layout layout, intake_settings rules, service_table services,
                                                inbox_clock clock);

} // namespace kyc::fs::intake
