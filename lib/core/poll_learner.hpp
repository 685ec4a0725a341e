#pragma once
// When to poll a task: by a plan that is learnt for its service, or by the exponential one (design section 8).

#include "core/answer_times.hpp"
#include "core/pacing.hpp"
#include "core/poll_plan.hpp"
#include "core/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// What one service's polls have taught, and the plan that follows from it; shared by its tasks. A poll is worth
/// (factor - 1) / 3 of the median answer time in delay: with that a plan for answers that vary (log-normal, median 4 s,
/// 95 % within 15 s) finds them as soon as the exponential plan does. `poll.factor` 1 polls every poll.min, and a
/// larger one polls less. Loop's thread only. The time is passed in: the plan is made anew at most once a second.
class poll_learner {
  public:
    using clock = std::chrono::steady_clock;

    answer_times times;

    /// Makes the plan anew when there is something new to learn from. Takes up to 300 µs.
    void replan(const poll_settings& rules, clock::time_point now);

    /// Whether enough answers are known for a plan; else the exponential plan is the better one.
    [[nodiscard]] bool knows_enough() const;

    /// With too few answers for a plan: until this age a task that was unanswered at `last` need not be asked for.
    [[nodiscard]] std::chrono::milliseconds hopeless_until(std::chrono::milliseconds last) const;

    /// The age for the poll after one at `last` (0: none yet) as planned. None: so late no answer has come yet.
    [[nodiscard]] std::optional<std::chrono::milliseconds> next(std::chrono::milliseconds last) const;

    /// The delay of an answer that the plan expects on average.
    [[nodiscard]] std::chrono::milliseconds delay() const;

    /// A poll happened: there is something new.
    void note() { ++news_; }

    /// Whether there is something that was not kept yet; asking makes it kept.
    [[nodiscard]] bool to_be_kept();

    /// Goes on from what answer_times::to_text() gave to an earlier process. False: it cannot be read, nothing is
    /// known.
    bool read(std::string_view learnt);

    /// Answers, counted in part as they grow old, that make a plan.
    static constexpr double needed = 20;

  private:
    poll_plan plan_;
    poll_settings planned_for_;
    std::optional<clock::time_point> planned_at_;
    std::uint64_t news_ = 0;
    std::uint64_t planned_news_ = 0;
    std::uint64_t kept_news_ = 0;
};

/// The polls of one task by this process. `of_service` outlives it.
class task_polls {
  public:
    explicit task_polls(poll_learner& of_service) : learner_(of_service) {}

    /// How long to sleep from `age` on, the time since the task's receipt. Every poll comes poll.min to poll.max after
    /// the one before, and the first one so long after the receipt, but for one that is overdue after a restart.
    [[nodiscard]] std::chrono::milliseconds wait(const poll_settings& rules, std::chrono::milliseconds age,
                                                 poll_learner::clock::time_point now, const random_unit& random);

    /// A poll at `age` was sent that showed whether there is an answer; it teaches unless the task's life before is not
    /// known: `watched` says for how long of `age` this process has.
    void asked(bool answered, std::chrono::milliseconds age, std::chrono::milliseconds watched);

    /// As asked(), but the poll brought nothing: no reply, or an API in trouble.
    void asked_in_vain() { ++done_; }

    [[nodiscard]] std::size_t done() const { return done_; }

  private:
    [[nodiscard]] std::chrono::milliseconds planned_wait(const poll_settings& rules, std::chrono::milliseconds age,
                                                         const random_unit& random);

    poll_learner& learner_;
    std::size_t done_ = 0;
    std::optional<std::chrono::milliseconds> unanswered_at_; ///< the last poll that showed that there is no answer
    std::chrono::milliseconds gap_{0};                       ///< as last planned
};

} // namespace kyc
