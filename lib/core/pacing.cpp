#include "core/pacing.hpp"

#include <algorithm>
#include <cmath>

namespace kyc {

using std::chrono::milliseconds;

namespace {

/// start·factor^steps, at most `max`. In floating point, because a long history would overflow whole milliseconds.
double grown(milliseconds start, double factor, std::size_t steps, milliseconds max) {
    const auto limit = static_cast<double>(max.count());
    const auto value = static_cast<double>(start.count()) * std::pow(factor, static_cast<double>(steps));
    return std::min(value, limit);
}

milliseconds whole(double value) {
    return milliseconds{static_cast<milliseconds::rep>(std::llround(value))};
}

} // namespace

milliseconds backoff_delay(const retry_settings& rules, std::size_t failures, double random) {
    const auto ceiling = grown(rules.base, 2.0, failures, std::max(rules.max, rules.base));
    const auto floor = static_cast<double>(rules.base.count()) / 10;
    return whole(std::max(ceiling * random, floor));
}

milliseconds poll_delay(const poll_settings& plan, std::size_t polls_done, double random) {
    const auto max = std::max(plan.min, plan.max);
    double delay = 0;
    if (polls_done == 0 && plan.first) {
        delay = static_cast<double>(plan.first->count());
    } else {
        const auto steps = plan.first ? polls_done - 1 : polls_done;
        delay = grown(plan.min, std::max(plan.factor, 1.0), steps, max);
    }
    const auto jitter = std::clamp(plan.jitter, 0.0, 1.0);
    return whole(delay * (1 + jitter * (2 * random - 1)));
}

} // namespace kyc
