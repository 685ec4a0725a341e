#include "core/answer_times.hpp"

#include <algorithm>

namespace kyc {

void answer_times::add(std::chrono::milliseconds taken) {
    if (times_.size() < remembered) {
        times_.push_back(taken);
        return;
    }
    times_[next_] = taken;
    next_ = (next_ + 1) % remembered;
}

std::optional<std::chrono::milliseconds> answer_times::usual() const {
    if (times_.size() < needed) return {};
    auto sorted = times_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return *middle;
}

} // namespace kyc
