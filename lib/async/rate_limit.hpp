#pragma once
// At most so many per second.

#include "async/awaitable.hpp"
#include "async/urgency.hpp"

#include <chrono>

namespace kyc::async {

/// A token bucket that holds one second's worth (at least one), full at the start. Loop's thread only.
class rate_limit {
  public:
    /// `per_second` 0 means no limit.
    explicit rate_limit(double per_second) : per_second_(per_second) {}

    /// Takes one, suspending until its turn. Turns are handed out in the order of the calls; who is `behind` takes one
    /// only when it need not wait, so that whoever comes meanwhile goes first. Throws operation_aborted when cancelled;
    /// a turn of `first` is then lost.
    [[nodiscard]] awaitable<void> take(urgency who = urgency::first);

    /// The pure part: the time at which the next one may go if asked at `now`, and books it.
    [[nodiscard]] std::chrono::steady_clock::time_point book(std::chrono::steady_clock::time_point now);

    /// The pure part of `behind`: the time before which there is none to be taken; `now` or earlier: book() one.
    [[nodiscard]] std::chrono::steady_clock::time_point free_at(std::chrono::steady_clock::time_point now) const {
        return per_second_ <= 0 ? now : next_;
    }

    /// One that was booked has not been used: the next one may go so much earlier.
    void give_back();

    void set(double per_second) { per_second_ = per_second; }

  private:
    [[nodiscard]] std::chrono::steady_clock::duration step() const;

    double per_second_;
    std::chrono::steady_clock::time_point next_{}; ///< the virtual time up to which all is booked
};

} // namespace kyc::async
