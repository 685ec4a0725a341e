#include "core/retry_budget.hpp"

#include "core/pacing.hpp"

#include <algorithm>

namespace kyc {

void retry_budget::set_rules(const retry_settings& rules) {
    const auto spent = rules_.budget - std::min(left_, rules_.budget);
    rules_ = rules;
    left_ = rules.budget - std::min(spent, rules.budget);
}

std::optional<steady_time> retry_budget::wait_until(steady_time now) const {
    if (!empty_) return {};
    if (one_is_under_way_) return until_notified;
    if (now < next_at_) return next_at_;
    return {};
}

bool retry_budget::take() {
    if (!empty_) return false;
    one_is_under_way_ = true;
    return true;
}

bool retry_budget::failed(steady_time now, double random) {
    left_ -= std::min(cost, left_);
    if (empty_) {
        one_is_under_way_ = false;
        next_at_ = now + backoff_delay(rules_, ++failed_while_empty_, random);
        return false;
    }
    if (left_ >= cost) return false;
    empty_ = true;
    one_is_under_way_ = false;
    failed_while_empty_ = 1;
    next_at_ = now + backoff_delay(rules_, failed_while_empty_, random);
    return true;
}

bool retry_budget::succeeded(bool repeat) {
    left_ = std::min(rules_.budget, left_ + (repeat ? cost : 1));
    if (!empty_) return false;
    if (repeat) {
        // What is repeated works again: the next one need not wait for a backoff.
        one_is_under_way_ = false;
        failed_while_empty_ = 0;
        next_at_ = {};
    }
    if (left_ < std::max(cost, rules_.budget / 2) && left_ < rules_.budget) return false;
    empty_ = false;
    return true;
}

} // namespace kyc
