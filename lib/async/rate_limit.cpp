#include "async/rate_limit.hpp"

#include "async/signal.hpp"

#include <algorithm>

namespace kyc::async {

std::chrono::steady_clock::time_point rate_limit::book(std::chrono::steady_clock::time_point now) {
    using std::chrono::duration_cast;
    using std::chrono::steady_clock;
    if (per_second_ <= 0) return now;
    const auto step = this->step();
    // The bucket holds one second's worth: bookings may lie that far in the past of the steady stream, less the one
    // taken now.
    const auto depth =
        duration_cast<steady_clock::duration>(std::chrono::duration<double>(std::max(1.0, 1.0 / per_second_)));
    next_ = std::max(next_, now - depth + step);
    const auto turn = std::max(next_, now);
    next_ += step;
    return turn;
}

void rate_limit::give_back() {
    if (per_second_ > 0) next_ -= step();
}

/// From one to the next, where there is a limit.
std::chrono::steady_clock::duration rate_limit::step() const {
    return std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(1.0 / per_second_));
}

awaitable<void> rate_limit::take(urgency who) {
    if (who == urgency::behind) {
        for (auto free = free_at(std::chrono::steady_clock::now()); free > std::chrono::steady_clock::now();
             free = free_at(std::chrono::steady_clock::now()))
            co_await sleep_for(free - std::chrono::steady_clock::now());
    }
    const auto now = std::chrono::steady_clock::now();
    const auto turn = book(now);
    if (turn > now) co_await sleep_for(turn - now);
}

} // namespace kyc::async
