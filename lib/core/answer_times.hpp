#pragma once
// How long a service's answers take, learnt from polls. A poll never sees when an answer came, only that it came since
// the last poll, or has not come yet: both are kept as what they are, and the distribution that explains them best is
// found (Turnbull's estimate for grouped times, by expectation and maximisation). Taking the time of the poll for the
// time of the answer instead would learn later times from each plan that polls later.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// What the polls of one service have shown. Times count from the task's receipt. Old answers fade: after as many again
/// as are_remembered, one counts for a third. No clock, no randomness.
class answer_times {
  public:
    answer_times();

    /// A task that was unanswered at `from` was so at `to` too. Counts at once, long before the task is answered: many
    /// tasks that all take longer than any before are believed without an answer.
    void waited(std::chrono::milliseconds from, std::chrono::milliseconds to);

    /// A task that was unanswered at `from` had an answer at `to`.
    void answered(std::chrono::milliseconds from, std::chrono::milliseconds to);

    /// Answers that count now, old ones in part: what an estimate rests on.
    [[nodiscard]] double weight() const;

    /// Looks for the distribution that explains all this; takes about 100 µs.
    void estimate();

    /// As of the last estimate(): the chance that an answer takes longer than edges()[i].
    [[nodiscard]] const std::vector<double>& chance_of_more() const { return longer_; }

    /// How far a task may go on from a point without being asked for: many were seen waiting there and hardly any got
    /// its answer. The point itself when that is not known. As of the last estimate().
    [[nodiscard]] std::size_t end_of_hopeless(std::size_t point) const;

    /// The points of time that are told apart, in seconds, from 0: each 4 % after the one before.
    [[nodiscard]] static const std::vector<double>& edges();

    /// The last point that is not after `time`.
    [[nodiscard]] static std::size_t point_before(std::chrono::milliseconds time);

    /// For the ledger: all that is known as a line of JSON, and back. False, and nothing known, for a line that another
    /// version wrote or that is damaged.
    [[nodiscard]] std::string to_text() const;
    [[nodiscard]] bool read(std::string_view text);

    /// Answers after which older ones count for a third.
    static constexpr double are_remembered = 60;

  private:
    struct answers_between {
        std::size_t from; ///< points
        std::size_t to;
        double weight;
    };

    void forget(double share);

    std::vector<answers_between> answered_;
    std::vector<double> waited_; ///< by interval after a point: tasks that were watched through it without an answer
    std::vector<double> longer_; ///< by point
};

} // namespace kyc
