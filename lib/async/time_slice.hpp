#pragma once
// Long work on the loop's thread in pieces, so that nobody else waits for more than one of them.

#include "async/awaitable.hpp"

#include <chrono>

namespace kyc::async {

/// How long a piece of work has held the loop. Ask after each of many small steps, and give way when it is used up.
/// Loop's thread only.
class time_slice {
  public:
    explicit time_slice(std::chrono::microseconds length) : length_(length) {}

    [[nodiscard]] bool is_used_up() const { return std::chrono::steady_clock::now() - begun_ >= length_; }

    /// Suspends until everybody else who is ready has had a turn; a new slice begins. Throws operation_aborted when
    /// cancelled.
    [[nodiscard]] awaitable<void> give_way();

  private:
    std::chrono::microseconds length_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

} // namespace kyc::async
