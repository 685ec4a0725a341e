#pragma once
// What was done in the last day, minute by minute: the charts of the status page, and sums over the last hour and day.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kyc::admin {

/// A ring of minutes, some 100 kB. A value without a clock: times come in, those of a case that ended as of its end.
/// A time that lies before the newest one that was told (the clock was set back) counts as that one.
class history {
  public:
    using time = std::chrono::system_clock::time_point;
    using milliseconds = std::chrono::milliseconds;

    history();

    /// `took`: from the drop until it lay in outbox/; none: nobody knows when it was dropped.
    void delivered(time at, std::optional<milliseconds> took);
    void failed(time at);

    /// A receipt.
    void submitted(time at);

    /// How many cases have not ended; the last word of a minute is that minute's.
    void backlog(time at, std::uint64_t cases);

    /// Adds what an earlier process saw.
    void take_over(history&& earlier);

    struct ended {
        std::uint64_t delivered = 0;
        std::uint64_t failed = 0;
    };

    /// Within the last `span` (whole minutes, a day at most), the running minute included.
    [[nodiscard]] ended ended_within(std::chrono::minutes span, time now) const;

    /// Of the cases that were delivered within the last hour and whose drop is known; exact to 3 %.
    struct latency {
        std::uint64_t cases = 0;
        std::optional<milliseconds> half; ///< of them took so long at most
        std::optional<milliseconds> most; ///< 95 % of them
    };

    [[nodiscard]] latency latency_of_last_hour(time now) const;

    /// The document "kycd.history/1": the whole minutes of the last 12 hours, from the first one that is known.
    [[nodiscard]] std::string to_json(time now) const;

  private:
    using minute = std::int64_t; ///< since 1970

    struct row {
        minute of = -1;
        std::uint32_t delivered = 0;
        std::uint32_t failed = 0;
        std::uint32_t submitted = 0;
        std::uint32_t backlog = 0;
    };

    /// Counts by class of duration; few of the classes occur.
    struct durations {
        minute of = -1;
        std::map<std::uint16_t, std::uint32_t> counts;
        mutable std::optional<latency> told{}; ///< what counts come to, once somebody has asked
    };

    [[nodiscard]] row& row_at(time at);
    [[nodiscard]] const row* find(minute of) const;
    [[nodiscard]] const durations* find_durations(minute of) const;
    [[nodiscard]] static const latency& latency_in(const durations& which);

    std::vector<row> rows_;
    std::vector<durations> durations_;
    minute first_ = -1; ///< that anything is known of
    minute newest_ = -1;
};

} // namespace kyc::admin
