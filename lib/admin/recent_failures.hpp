#pragma once
// The cases that failed within the last day, by code: what somebody may have to look at.

#include "core/failure.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::admin {

/// Counts by code and service for each minute of a day, and the names of a few. A value without a clock.
class recent_failures {
  public:
    using time = std::chrono::system_clock::time_point;

    /// Names that are kept of each code.
    static constexpr std::size_t most_names = 20;

    /// `name` may be empty: it was forgotten.
    void add(time at, failure_code code, std::string_view service, std::string name);

    /// Puts what an earlier process saw before what was added here.
    void take_over(const recent_failures& earlier);

    /// The cases of one code.
    struct group {
        failure_code code = failure_code::unknown_service;
        std::uint64_t cases = 0;
        time last_at{};
        std::map<std::string, std::uint64_t> services;
        std::vector<std::string> names; ///< "folder/case", the last ones first; personal, perhaps
    };

    /// Of the last 24 hours, what happened most first. Forgets what is older.
    [[nodiscard]] std::vector<group> now(time now);

  private:
    using minute_count = std::pair<std::int64_t, std::uint64_t>;

    struct tracked {
        time last_at{};
        std::map<std::string, std::deque<minute_count>, std::less<>> services;
        std::deque<std::pair<time, std::string>> names; ///< the oldest first
    };

    std::map<failure_code, tracked> codes_;
};

} // namespace kyc::admin
