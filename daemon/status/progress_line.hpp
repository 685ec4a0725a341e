#pragma once
// The one line that `run --once` keeps up to date on a terminal.

#include "figures/tally.hpp"

#include <chrono>

namespace kyc {

/// Draws on stderr, and only if that is a terminal; otherwise every call does nothing.
class progress_line {
  public:
    /// `quiet` switches it off (with --json). `count` must outlive it.
    progress_line(const tally& count, bool quiet);
    progress_line(const progress_line&) = delete;
    progress_line& operator=(const progress_line&) = delete;
    ~progress_line();

    void draw();

    /// Removes the line.
    void wipe();

    /// How long to wait for news before drawing again is not worth it: very long without a terminal.
    [[nodiscard]] std::chrono::steady_clock::duration interval() const;

  private:
    const tally& count_;
    bool on_;
    std::chrono::steady_clock::time_point drawn_{};
};

} // namespace kyc
