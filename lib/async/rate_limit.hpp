#pragma once
// At most so many per second.

#include "async/awaitable.hpp"

#include <chrono>

namespace kyc::async {

/// A token bucket that holds one second's worth (at least one), full at the start. Loop's thread only.
class rate_limit {
  public:
    /// `per_second` 0 means no limit.
    explicit rate_limit(double per_second) : per_second_(per_second) {}

    /// Takes one, suspending until its turn. Turns are handed out in the order of the calls.
    /// Throws operation_aborted when cancelled; the turn is then lost.
    [[nodiscard]] awaitable<void> take();

    /// The pure part: the time at which the next one may go if asked at `now`, and books it.
    [[nodiscard]] std::chrono::steady_clock::time_point book(std::chrono::steady_clock::time_point now);

    void set(double per_second) { per_second_ = per_second; }

  private:
    double per_second_;
    std::chrono::steady_clock::time_point next_{}; ///< the virtual time up to which all is booked
};

} // namespace kyc::async
