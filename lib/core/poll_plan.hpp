#pragma once
// When to poll, if it is known how long answers take: the plan with the least mean delay + price × polls, by dynamic
// programming over the points of time at which a poll may be.

#include <cstddef>
#include <vector>

namespace kyc {

/// What a poll costs, and what may be planned; all in seconds.
struct poll_price {
    double per_poll = 1; ///< a poll is worth this much delay of one answer
    double min_gap = 0;  ///< between two polls, and before the first
    double max_gap = 0;
};

/// The best next poll from each point of time, so that a task whose last poll was off its time also knows its best way.
struct poll_plan {
    std::vector<std::size_t> next; ///< by point of the last poll (0: none yet): the next one's point
    double polls = 0;              ///< a task, on average
    double delay = 0;              ///< of an answer until the poll that finds it, on average; seconds
};

/// `edges` are the points, from 0, seconds; `longer[i]` is the chance that an answer takes longer than edges[i]. The
/// last edge ends the plan: what is slower is not planned. Where no point is within max_gap the next one is taken.
/// Quadratic in the number of points within max_gap.
[[nodiscard]] poll_plan best_polls(const std::vector<double>& edges, const std::vector<double>& longer,
                                   const poll_price& price);

} // namespace kyc
