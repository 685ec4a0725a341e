#include "text/durations.hpp"

#include "text/words.hpp"

#include <algorithm>
#include <cmath>

namespace kyc {

using std::chrono::milliseconds;

void durations::add(std::chrono::system_clock::duration took) {
    // A clock that was set back makes no case faster than at once.
    all_.push_back(std::max(std::chrono::duration_cast<milliseconds>(took), milliseconds(0)));
    sorted_ = false;
}

milliseconds durations::at(double share) const {
    if (all_.empty()) return milliseconds(0);
    if (!sorted_) std::sort(all_.begin(), all_.end());
    sorted_ = true;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(all_.size())));
    return all_[std::clamp<std::size_t>(rank, 1, all_.size()) - 1];
}

std::string durations::words_at(double share) const {
    if (all_.empty()) return "-";
    const auto took = at(share);
    return took < std::chrono::seconds(1) ? std::to_string(took.count()) + "ms" : age_words(took);
}

} // namespace kyc
