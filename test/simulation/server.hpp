#pragma once
// Servers for the simulation of pacing: what they let through, and how long that takes. Virtual time in seconds.

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace kyc::simulation {

/// What a limiter says to one request.
struct verdict_of_limiter {
    bool allowed = true;
    int status = 429;
    std::optional<double> retry_after; ///< seconds
};

using limiter = std::function<verdict_of_limiter(double now)>;

inline limiter no_limit() {
    return [](double) { return verdict_of_limiter{}; };
}

/// DRF's SimpleRateThrottle: at most `count` allowed requests in any window; the refused ones are not counted.
inline limiter drf(std::size_t count, double window, bool says_when) {
    return [=, recent = std::deque<double>()](double now) mutable {
        while (!recent.empty() && recent.front() <= now - window)
            recent.pop_front();
        verdict_of_limiter out;
        if (recent.size() < count) {
            recent.push_back(now);
            return out;
        }
        out.allowed = false;
        if (says_when) out.retry_after = std::max(1.0, std::ceil(recent.front() + window - now));
        return out;
    };
}

/// nginx's limit_req with nodelay: a bucket of `burst` that leaks; 503 without a Retry-After by default.
inline limiter nginx_limit_req(double per_second, double burst, int status) {
    return [=, excess = 0.0, last = -1.0](double now) mutable {
        verdict_of_limiter out;
        out.status = status;
        const double level = last < 0 ? 0 : std::max(0.0, excess - per_second * (now - last) + 1);
        if (level > burst) {
            out.allowed = false;
            return out;
        }
        excess = level;
        last = now;
        return out;
    };
}

/// `workers` that serve in the order of arrival; more waiting than `queue` are answered 503.
class workers {
  public:
    workers(std::size_t count, std::size_t queue) : free_at_(count, 0.0), queue_(queue) {}

    /// When the reply is ready; none: refused.
    std::optional<double> serve(double now, double work) {
        while (!ends_.empty() && ends_.top() <= now)
            ends_.pop();
        if (ends_.size() >= free_at_.size() + queue_) return std::nullopt;
        auto first = std::min_element(free_at_.begin(), free_at_.end());
        *first = std::max(*first, now) + work;
        ends_.push(*first);
        return *first;
    }

  private:
    std::vector<double> free_at_;
    std::size_t queue_;
    std::priority_queue<double, std::vector<double>, std::greater<>> ends_;
};

} // namespace kyc::simulation
