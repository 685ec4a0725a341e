#include "core/outcome_watch.hpp"

#include <algorithm>

namespace kyc {

std::optional<steady_time> outcome_watch::wait_until(steady_time now) const {
    if (!paused_) return {};
    if (trying_) return until_notified;
    if (now < next_at_) return next_at_;
    return {};
}

bool outcome_watch::take() {
    if (!paused_) return false;
    trying_ = true;
    return true;
}

std::uint32_t outcome_watch::submitting(steady_time now) {
    if (paused_) put_off(now);
    return era_;
}

outcome_watch::change outcome_watch::ended(std::string_view code, std::uint32_t era, steady_time now) {
    if (paused_) {
        if (!code.empty() || era != era_) return change::none;
        paused_ = false;
        trying_ = false;
        latest_.clear();
        return change::resumed;
    }
    if (latest_.size() == cases_remembered) latest_.pop_front();
    latest_.emplace_back(code);
    if (code.empty() || latest_.size() < cases_to_judge) return change::none;
    const auto same = static_cast<std::size_t>(std::count(latest_.begin(), latest_.end(), code));
    if (same * one_in < latest_.size()) return change::none;
    paused_ = true;
    ++era_;
    code_ = code;
    bad_ = same;
    judged_ = latest_.size();
    delay_ = first_;
    put_off(now);
    return change::paused;
}

void outcome_watch::put_off(steady_time now) {
    next_at_ = now + delay_;
    delay_ = std::min(delay_ * 2, longest_);
}

} // namespace kyc
