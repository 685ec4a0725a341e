#include "core/duration_histogram.hpp"

#include <algorithm>

namespace kyc {

void duration_histogram::add(std::chrono::nanoseconds took) {
    took = std::max(took, std::chrono::nanoseconds(0));
    const double seconds = std::chrono::duration<double>(took).count();
    const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
    ++counts_[static_cast<std::size_t>(place - bounds_.begin())];
    sum_ += took;
}

} // namespace kyc
