#pragma once
// A condition variable for coroutines of one loop.

#include "async/awaitable.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <list>

namespace kyc::async {

/// Waiters sleep until notified; each re-checks its own predicate. All calls on the loop's thread. Must outlive its
/// waiters. A timer that never expires is used because experimental::channel loses messages in Boost 1.81.
class signal {
  public:
    explicit signal(const boost::asio::any_io_executor& executor);

    /// Suspends until notify_all(). Throws operation_aborted when the calling coroutine is cancelled.
    [[nodiscard]] awaitable<void> wait();

    /// As wait(), but for at most `limit`. True when notified, false when the time ran out.
    [[nodiscard]] awaitable<bool> wait_for(std::chrono::steady_clock::duration limit);

    void notify_all();

  private:
    boost::asio::steady_timer timer_;
    std::list<boost::asio::steady_timer*> timed_; ///< the waits with a limit
    std::uint64_t notified_ = 0;                  ///< how often notify_all() was called
};

/// Suspends for `time`; throws operation_aborted when cancelled.
[[nodiscard]] awaitable<void> sleep_for(std::chrono::steady_clock::duration time);

} // namespace kyc::async
