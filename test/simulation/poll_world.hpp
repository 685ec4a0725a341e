#pragma once
// Tasks whose answers take times of a known distribution, polled on a virtual clock: what a plan costs, and what the
// best one would. For the unit test that holds the bound and for scripts/bench.

#include "core/poll_learner.hpp"

#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kyc::simulation {

/// How long answers take; seconds.
struct answer_law {
    std::string name;
    std::function<double(double)> no_later; ///< the chance of an answer by then
    std::function<double(std::mt19937_64&)> draw;

    /// The same, but everything takes so many times as long.
    [[nodiscard]] answer_law stretched(double factor) const;
};

[[nodiscard]] answer_law narrow();     ///< 4 s, give or take 0.2 s
[[nodiscard]] answer_law log_normal(); ///< median 4 s, 95 % within 15 s
[[nodiscard]] answer_law two_humps();  ///< six in ten about 2 s, the others about 12 s

/// What polling a task comes to on average.
struct poll_bill {
    double polls = 0;
    double delay = 0; ///< seconds from the answer to the poll that finds it
};

/// For each price of a poll the best plan there is for a law.
class best_plans {
  public:
    best_plans(const answer_law& law, const poll_settings& rules);

    /// The fewest polls that find answers no later than this on average.
    [[nodiscard]] double polls_for(double delay) const;

  private:
    std::vector<poll_bill> plans_; ///< by delay
};

/// A service and its tasks, one after the other.
class polled_service {
  public:
    polled_service(const poll_settings& rules, std::uint64_t seed);

    /// Polls so many tasks to their answers, learning from them.
    poll_bill live(const answer_law& law, std::size_t tasks);

    /// What the plan as it is now costs, without learning any more.
    [[nodiscard]] poll_bill costs(const answer_law& law, std::size_t tasks) const;

    poll_learner learner;

  private:
    poll_bill poll_task(double answer, poll_learner& teacher, bool learns);

    poll_settings rules_;
    std::mt19937_64 random_;
    poll_learner::clock::time_point now_{};
};

/// What a plan of fixed gaps costs: `first` before the first poll, then ×factor each, up to max. Factor 1 polls evenly.
[[nodiscard]] poll_bill gaps_cost(const answer_law& law, double first, double factor, double max, std::size_t tasks);

} // namespace kyc::simulation
