#pragma once
// How many calls of one kind make sense at a time, learned from how long they take. Pure; time comes in.

#include "core/breaker.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

namespace kyc {

/// Between one and the configured maximum. Begins small and doubles with each round of calls, as TCP does, until calls
/// take longer or fail; from then on one more per round while calls are quick and the limit is what held others up,
/// less when they take more than twice as long as unhurried ones of their size (by as much as that says there is too
/// much), and less by a third, once per round, when the server breaks down under them.
///
/// Long is measured against calls of about the same size that were made when few were under way, so that our own queue
/// in the server is never taken for its usual speed. Choice and numbers: docs/pacing.md.
class concurrency_limit {
  public:
    explicit concurrency_limit(std::size_t maximum);

    /// limits.uploads, limits.polls (also reloaded). A limit that was at the old one follows.
    void set_maximum(std::size_t maximum);

    /// At least 1.
    [[nodiscard]] std::size_t limit() const;

    [[nodiscard]] std::size_t under_way() const { return under_way_; }

    /// A call that is under way.
    struct call {
        steady_time began{};
        std::size_t at_a_time = 0; ///< under way when it began, itself included
        std::size_t bytes = 0;
    };

    /// `bytes`: of the body.
    [[nodiscard]] call begin(steady_time now, std::size_t bytes);

    enum class end {
        quick,    ///< a reply that took work: its time counts
        overload, ///< refused or broken down: 429, 502, 503, 504, a timeout
        other,    ///< tells nothing about the server's load
    };

    /// Exactly once for each begin().
    void done(const call& which, steady_time now, end how);

    /// The host was down and is back: begin small again, so that those who wait do not fall upon it.
    void restart();

  private:
    void end_round(steady_time now);
    void note_usual(std::size_t size_class, double took, bool unhurried);

    /// Per doubling of the size: seconds that an unhurried call takes; 0 while none was seen.
    std::array<double, 32> usual_{};
    std::vector<double> round_; ///< of this round: times as multiples of the usual
    bool was_used_ = false;     ///< this round: the limit was reached
    bool starting_ = true;      ///< still doubling
    std::size_t maximum_;
    double limit_;
    double broke_at_; ///< the limit at the last overload
    std::size_t under_way_ = 0;
    steady_time last_cut_{};
    steady_time last_growth_{};
};

} // namespace kyc
