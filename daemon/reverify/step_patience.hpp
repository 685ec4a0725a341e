#pragma once
// A step that fails is tried again by itself, ever less often, while everything else goes on.

#include "core/report_json.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace kyc::reverify {

/// The trouble of one ticket's step, and when it is tried next. Nobody waits for it, unlike keep_trying(): the desk
/// looks after all tickets in turn, and what one of them runs into is not the others'.
class step_patience {
  public:
    using steady_time = std::chrono::steady_clock::time_point;

    /// Between two tries at most. A report of many cases costs a second of work each time.
    static constexpr std::chrono::seconds longest_delay{15};

    /// Whether it makes sense now; always, unless it has failed a moment ago.
    [[nodiscard]] bool may_try(steady_time now) const { return now >= next_; }

    /// It did not work: the next try is a second later, two when that fails, up to `longest_delay`. `why`: a phrase.
    void failed(std::string why, steady_time now, utc_time clock) {
        why_ = std::move(why);
        delay_ = std::clamp(delay_ * 2, std::chrono::seconds(1), longest_delay);
        next_ = now + delay_;
        next_try_ = clock + delay_;
    }

    void worked() { *this = {}; }

    /// What its last try met; empty: it worked, or there was none.
    [[nodiscard]] const std::string& why() const { return why_; }

    /// Only while why() says something.
    [[nodiscard]] utc_time next_try() const { return next_try_; }

  private:
    std::string why_;
    std::chrono::seconds delay_{0};
    steady_time next_{};
    utc_time next_try_{};
};

} // namespace kyc::reverify
