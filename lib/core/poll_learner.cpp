#include "core/poll_learner.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kyc {

using std::chrono::milliseconds;

namespace {

constexpr std::chrono::seconds replan_interval{1};

/// Tasks slower than all but this share are not planned for: their gaps grow.
constexpr double slowest_share = 0.01;

/// One task in so many is also asked for once before its time. A plan that polls once, late, would never see that
/// answers come sooner now.
constexpr double tried_early = 0.05;

/// Of the early polls, the share that comes anywhere before the plan's first one; the others come when an answer is
/// likely.
constexpr double tried_anywhere = 0.25;

/// A task that is so much older than its watch was watched all its life: making the receipt durable takes time.
constexpr milliseconds hardly_before{2'000};

double seconds(milliseconds time) {
    return std::chrono::duration<double>(time).count();
}

milliseconds whole(double time) {
    return milliseconds{std::llround(time * 1000)};
}

double median(const std::vector<double>& longer) {
    const auto half = std::find_if(longer.begin(), longer.end(), [](double chance) { return chance <= 0.5; });
    return answer_times::edges()[std::min(static_cast<std::size_t>(half - longer.begin()), longer.size() - 1)];
}

} // namespace

bool poll_learner::knows_enough() const {
    return !plan_.next.empty() && times.weight() >= needed;
}

void poll_learner::replan(const poll_settings& rules, clock::time_point now) {
    const bool same_rules = planned_for_ == rules;
    if (news_ == 0 || (planned_at_ && same_rules && news_ == planned_news_)) return;
    if (planned_at_ && same_rules && now - *planned_at_ < replan_interval) return;
    times.estimate();
    planned_for_ = rules;
    planned_at_ = now;
    planned_news_ = news_;
    if (times.weight() < needed) return;
    const auto& longer = times.chance_of_more();
    const auto& edges = answer_times::edges();
    poll_price price;
    price.per_poll = (std::max(rules.factor, 1.0) - 1) / 3 * median(longer);
    price.min_gap = seconds(rules.min);
    price.max_gap = std::max(price.min_gap, seconds(rules.max));
    // Up to where hardly an answer is missing, and the points are near enough to each other to tell times apart.
    std::size_t last = 1;
    while (last + 1 < edges.size() && longer[last] > slowest_share && edges[last + 1] - edges[last] < price.max_gap / 2)
        ++last;
    const auto end = static_cast<std::ptrdiff_t>(last) + 1;
    plan_ = best_polls({edges.begin(), edges.begin() + end}, {longer.begin(), longer.begin() + end}, price);
}

milliseconds poll_learner::hopeless_until(milliseconds last) const {
    const auto point = answer_times::point_before(last);
    const auto end = times.end_of_hopeless(point);
    return end == point ? last : whole(answer_times::edges()[end]);
}

std::optional<milliseconds> poll_learner::next(milliseconds last) const {
    const auto point = answer_times::point_before(last);
    if (point + 1 >= plan_.next.size()) return {};
    return whole(answer_times::edges()[plan_.next[point]]);
}

milliseconds poll_learner::delay() const {
    return whole(plan_.delay);
}

bool poll_learner::to_be_kept() {
    return std::exchange(kept_news_, news_) != news_;
}

bool poll_learner::read(std::string_view learnt) {
    const bool read_all = times.read(learnt);
    kept_news_ = ++news_;
    return read_all;
}

milliseconds task_polls::wait(const poll_settings& rules, milliseconds age, poll_learner::clock::time_point now,
                              const random_unit& random) {
    if (!rules.first) {
        learner_.replan(rules, now);
        if (learner_.knows_enough()) return planned_wait(rules, age, random);
    }
    gap_ = poll_delay(rules, done_, random());
    if (!rules.first) {
        const auto last = done_ == 0 ? milliseconds(0) : age;
        gap_ = std::max(gap_, std::min(learner_.hopeless_until(last) - last, std::max(rules.min, rules.max)));
    }
    // After a restart the first poll is planned from the receipt, not from now.
    return done_ == 0 ? std::clamp(gap_ - age, milliseconds(0), gap_) : gap_;
}

milliseconds task_polls::planned_wait(const poll_settings& rules, milliseconds age, const random_unit& random) {
    const auto max = std::max(rules.min, rules.max);
    const auto last = done_ == 0 ? milliseconds(0) : age;
    const auto planned = learner_.next(last);
    if (planned) {
        gap_ = std::clamp(*planned - last, rules.min, max);
    } else {
        // Slower than ever seen: more and more patience.
        gap_ = std::clamp(whole(seconds(gap_) * std::max(rules.factor, 1.0)), rules.min, max);
    }
    // Tasks of a burst shall not poll in step; but a plan that knows the time of the answer is not blurred by more than
    // the delay it accepts anyway.
    const auto blur =
        std::clamp(rules.jitter, 0.0, 1.0) * seconds(std::min(gap_, planned ? learner_.delay() / 2 : gap_));
    auto at = seconds(gap_) + blur * (2 * random() - 1);
    if (done_ == 0 && planned && random() < tried_early) {
        const auto earliest = seconds(rules.min);
        const auto latest = seconds(gap_ - rules.min);
        if (random() < tried_anywhere) {
            if (latest > earliest) at = earliest * std::pow(latest / earliest, random());
        } else {
            const auto& longer = learner_.times.chance_of_more();
            const auto wanted = 1 - random() * (1 - longer[answer_times::point_before(*planned)]);
            const auto found = std::find_if(longer.begin(), longer.end(), [&](double each) { return each <= wanted; });
            const auto likely = answer_times::edges()[static_cast<std::size_t>(found - longer.begin())];
            if (likely >= earliest && likely <= latest) at = likely;
        }
    }
    auto from_last = std::clamp(whole(at), rules.min, max);
    // Nothing is asked after the deadline that could have been asked at it.
    if (last < rules.deadline) from_last = std::min(from_last, std::max(rules.min, rules.deadline - last));
    return done_ == 0 ? std::clamp(from_last - age, milliseconds(0), from_last) : from_last;
}

void task_polls::asked(bool answered, milliseconds age, milliseconds watched) {
    ++done_;
    // Of a task that was taken over from an earlier process it is not known until when it was unanswered; its first
    // poll tells that for the second.
    const bool whole_life = watched + hardly_before >= age;
    if (whole_life || unanswered_at_) {
        const auto from = unanswered_at_.value_or(milliseconds(0));
        if (answered) {
            learner_.times.answered(from, age);
        } else {
            learner_.times.waited(from, age);
        }
        learner_.note();
    }
    if (!answered) unanswered_at_ = age;
}

} // namespace kyc
