#pragma once
// How many requests a second the API lets us make, learned from what it refuses. Pure; time comes in.

#include "core/breaker.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace kyc {

/// One pace for all calls of the account. There is none until the API refuses for going too fast (429, or the 503 of a
/// proxy's limiter); from then on calls go evenly, a little under what got through before. The pace climbs back slowly,
/// rests where it was refused last, goes on above that ever faster, and is dropped when four times of it is let
/// through. It climbs by the time in which it was what calls waited for: an idle night teaches nothing.
///
/// A server counts in windows (DRF: a second, a minute, an hour, a day) that only their refusals show, so calls rest
/// after a refusal for as long as the server says, or ever longer when it says nothing; one call then tries for all.
/// What got through divided by how long that took is the rate. The table behind the numbers is in docs/pacing.md.
///
/// It begins with one call that tries for all, too: a process knows nothing of the rest that an earlier one was told to
/// keep, so a restart during it costs one refusal, not a volley of them.
class request_pace {
  public:
    /// `first_rest`: after a refusal that names no time; a second is the shortest window that servers count in.
    explicit request_pace(steady_time::duration first_rest = std::chrono::seconds(1)) : first_rest_(first_rest) {}

    void set_first_rest(steady_time::duration time) { first_rest_ = time; }

    /// What a log would tell.
    enum class change {
        none,
        paced,
        unpaced,    ///< far more than the last refusal was let through, or it was long ago
        disbelieved ///< going slower made no difference to the 503s
    };

    /// A limiter treats them alike; what else is wrong with a host may concern one kind only.
    enum class kind { upload, poll, token };

    /// When the next call may go; `now` or before: at once. A call in the future is asked for again after each reply.
    [[nodiscard]] steady_time ready_at(steady_time now) const;

    /// A call goes. Only when ready_at() allows it; others (tokens, replays) are not told.
    change sent(steady_time now);

    /// The API looked at a call that was sent at that time.
    void answered(kind of, steady_time sent_at, steady_time now);

    /// 429. `wait`: the Retry-After; one of zero names no time.
    void refused(steady_time sent_at, steady_time now, std::optional<std::chrono::milliseconds> wait);

    /// 503: a limiter's, or the host has too much to do. `at_a_time`: calls that were under way when this one was sent,
    /// itself included. `wait`: the Retry-After. Taken for a limiter's when several came in a row to calls that were
    /// nearly alone while others just got through, or twice with a call of the same kind that got through between, and
    /// not any more when going slower made no difference.
    change unavailable(kind of, steady_time sent_at, steady_time now, std::size_t at_a_time,
                       std::optional<std::chrono::milliseconds> wait);

    /// Whether the latest 503 was taken for a limiter's.
    [[nodiscard]] bool was_a_limiters() const { return was_a_limiters_; }

    /// Until when nobody calls, because of a refusal. In the past: calls may be made.
    [[nodiscard]] steady_time held_until() const { return held_until_; }

    /// None: calls are not paced.
    [[nodiscard]] std::optional<double> per_second() const;

  private:
    using duration = steady_time::duration;

    /// 503s in a row of one kind.
    struct row {
        std::size_t length = 0;              ///< those to calls that were nearly alone
        steady_time began{};                 ///< the first of them
        std::optional<steady_time> ended_at; ///< when a call got through after enough of them
    };

    [[nodiscard]] row& row_of(kind of);
    void rest(steady_time now, std::optional<std::chrono::milliseconds> wait);
    change resume(steady_time now);
    change forget();
    void settle_at(double start, double ceiling);
    [[nodiscard]] double rate() const;
    [[nodiscard]] duration step() const;
    [[nodiscard]] std::size_t answers_since(steady_time from) const;
    [[nodiscard]] double observed_rate() const;

    duration first_rest_;
    std::deque<steady_time> answers_; ///< the replies that got through, of the last hour at most

    // The climb.
    bool paced_ = false;
    double ceiling_ = 0;       ///< per second: where it was refused last
    double start_ = 0;         ///< per second: after that
    double plateau_after_ = 0; ///< seconds of use until the ceiling is reached again
    double used_ = 0;          ///< seconds for which the pace was what calls waited for, since the last refusal
    steady_time next_{};       ///< the next call's time

    // The refusals of now.
    bool resting_ = true;         ///< refused, and no call was made since; or nothing is known of the API yet
    bool trying_ = false;         ///< the call that tries after a rest is under way
    steady_time tried_at_{};      ///< when it went
    steady_time refused_since_{}; ///< the first refusal without an answer since
    steady_time last_cut_{};      ///< calls sent before are old news
    steady_time held_until_{};
    steady_time last_refusal_{};
    std::size_t refusals_ = 0;     ///< since the last answer to a call that was sent after a rest
    std::size_t silent_rests_ = 0; ///< in a row, without a Retry-After

    // 503s.
    std::size_t unavailable_in_a_row_ = 0; ///< of all kinds, to calls that were nearly alone
    std::array<row, 3> rows_;              ///< by kind
    bool was_a_limiters_ = false;
    bool learned_from_503_ = false;
    double first_ceiling_ = 0;       ///< what the pace began with
    steady_time believe_503_from_{}; ///< before, a 503 is no limiter's
};

} // namespace kyc
