#include "core/concurrency_limit.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kyc {
namespace {

/// What a start begins with: enough for a few dropped cases to be as quick as ever.
constexpr double first_limit = 8;

/// So much longer is never our queue in the server: the loop here had other things to do, or the line did.
constexpr double not_worth_counting = 0.05;

/// Quick: room for one more. Slow: too many. Between: stay.
constexpr double quick = 1.5;
constexpr double slow = 2.0;

constexpr double deepest_cut = 0.5;
constexpr double overload_cut = 0.7;

/// From this share of the limit at which the server broke down, one more at a time only after so long.
constexpr double careful_from = 0.8;
constexpr steady_time::duration careful_step = std::chrono::seconds(10);

constexpr double forgotten_above = 1.25;

constexpr double unbroken = 1e9;

/// A round is as many calls as may be under way, but at least this many: a median of fewer says little.
constexpr std::size_t shortest_round = 5;

/// So few at a time do not wait for each other.
constexpr std::size_t unhurried_at_a_time = 2;

/// What an unhurried call moves the usual time by, and what a round that is quicker than usual.
constexpr double learn = 0.1;
constexpr double learn_from_round = 0.2;

double median(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

} // namespace

concurrency_limit::concurrency_limit(std::size_t maximum)
    : maximum_(std::max<std::size_t>(maximum, 1)), limit_(std::min(first_limit, static_cast<double>(maximum_))),
      broke_at_(unbroken) {}

void concurrency_limit::set_maximum(std::size_t maximum) {
    const auto most = static_cast<double>(std::max<std::size_t>(maximum, 1));
    if (limit_ >= static_cast<double>(maximum_)) starting_ = true;
    maximum_ = static_cast<std::size_t>(most);
    limit_ = std::min(limit_, most);
}

std::size_t concurrency_limit::limit() const {
    return static_cast<std::size_t>(limit_);
}

concurrency_limit::call concurrency_limit::begin(steady_time now, std::size_t bytes) {
    ++under_way_;
    if (under_way_ >= limit()) was_used_ = true;
    return {now, under_way_, bytes};
}

void concurrency_limit::done(const call& which, steady_time now, end how) {
    const auto company = std::max(which.at_a_time, under_way_);
    --under_way_;
    // Those that were under way at a cut tell what led to it.
    const bool old_news = which.began <= last_cut_;
    if (how == end::overload) {
        if (old_news) return;
        last_cut_ = now;
        last_growth_ = now;
        starting_ = false;
        broke_at_ = limit_;
        limit_ = std::max(1.0, overload_cut * limit_);
        round_.clear();
        was_used_ = false;
        return;
    }
    if (how == end::other) return;
    const double took = std::max(std::chrono::duration<double>(now - which.began).count(), 1e-6);
    const auto size_class =
        std::min<std::size_t>(static_cast<std::size_t>(std::bit_width(which.bytes)), usual_.size() - 1);
    note_usual(size_class, took, company <= unhurried_at_a_time);
    if (old_news) return;
    const double slowness = (took + not_worth_counting) / (usual_[size_class] + not_worth_counting);
    round_.push_back(slowness);
    // A start's round ends late, for it gets longer with each of its replies: a slow one must not raise the limit.
    if (starting_ && was_used_ && slowness <= quick) limit_ = std::min(limit_ + 1, static_cast<double>(maximum_));
    if (round_.size() >= std::max(limit(), shortest_round)) end_round(now);
}

void concurrency_limit::note_usual(std::size_t size_class, double took, bool unhurried) {
    auto& usual = usual_[size_class];
    if (usual == 0) {
        usual = took;
    } else if (unhurried) {
        usual += learn * (took - usual);
    }
}

void concurrency_limit::end_round(steady_time now) {
    const double slowness = median(round_);
    round_.clear();
    if (slowness < 1) {
        // A round's median, because the quickest of many hurried calls say nothing about the usual one.
        for (auto& usual : usual_)
            usual *= 1 + learn_from_round * (slowness - 1);
    }
    if (slowness > slow) {
        starting_ = false;
        last_cut_ = now;
        limit_ = std::max(1.0, limit_ * std::max(deepest_cut, slow / slowness));
    } else if (slowness > quick) {
        starting_ = false;
    } else if (was_used_ && !starting_) {
        const bool careful = limit_ >= careful_from * broke_at_;
        if (!careful || now - last_growth_ >= careful_step) {
            limit_ = std::min(limit_ + 1, static_cast<double>(maximum_));
            last_growth_ = now;
            // It stands more than what broke it: that was something else, or is over.
            if (limit_ >= forgotten_above * broke_at_) broke_at_ = unbroken;
        }
    }
    was_used_ = under_way_ >= limit();
}

void concurrency_limit::restart() {
    limit_ = 1;
    broke_at_ = unbroken;
    starting_ = true;
    was_used_ = false;
    round_.clear();
}

} // namespace kyc
