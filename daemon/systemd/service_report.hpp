#pragma once
// What kycd keeps telling the service manager: how it stands, that it lives, that a start or a stop needs more time.

#include "async/awaitable.hpp"
#include "systemd/service_manager.hpp"
#include "systemd/service_state.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace kyc {

/// Keeps the service manager informed. Loop's thread only.
class service_report {
  public:
    /// `look` is asked each second or more often. Both outlive it.
    service_report(service_manager& manager, std::function<service_state()> look)
        : manager_(manager), look_(std::move(look)) {}

    /// The status every few seconds; the watchdog's food, while nothing is stuck; more time for a start that goes on
    /// and for a stop whose uploads move. Logs what is stuck when that begins and ends. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep_telling();

  private:
    using clock = std::chrono::steady_clock;

    void say_what_is_stuck(const std::string& what);
    void ask_for_time(const service_state& state, clock::time_point now);

    service_manager& manager_;
    std::function<service_state()> look_;
    std::string stuck_;                      ///< as it was last said
    std::optional<clock::time_point> began_; ///< the phase that needs time
    service_state::phase at_ = service_state::phase::starting;
    std::uint64_t moved_ = 0; ///< at the last look
};

} // namespace kyc
