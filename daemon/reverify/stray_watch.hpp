#pragma once
// Says in the log what lies in inbox/reverify/ and will never be taken.

#include "fs/ticket_strays.hpp"
#include "life/case_world.hpp"

#include <chrono>
#include <set>
#include <string>

namespace kyc::reverify {

/// From when on something there is told, by the settings: as for the files of cases.
[[nodiscard]] fs::stray_patience stray_patience_of(const settings& config);

/// Once for each name, for as long as it lies there. Loop's thread only; the folder is read on the pool.
class stray_watch {
  public:
    /// The world outlives it.
    explicit stray_watch(case_world& world) : world_(world) {}

    /// A few seconds after the last look, if not later; before that nothing.
    [[nodiscard]] async::awaitable<void> look();

  private:
    case_world& world_;
    std::set<std::string> told_;
    std::chrono::steady_clock::time_point next_{};
};

} // namespace kyc::reverify
