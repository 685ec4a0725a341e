#include "core/request_pace.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

namespace kyc {
namespace {

using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

/// Under the rate that was refused. A server counts arrivals, and the way there is not even: a twentieth is 50 ms of a
/// one-second window.
constexpr double step_back = 0.05;

/// So far above the last refusal the limit is gone. Further after a doubtful one, which may have been told from too few
/// calls: without a pace all would go at once, to be refused again.
constexpr double gone = 4;
constexpr double gone_when_doubtful = 16;

/// How many seconds the climb back to the last refusal takes. Longer each time it is confirmed, since each refusal
/// costs a rest.
constexpr double first_plateau = 30;
constexpr double last_plateau = 120;
/// After a refusal that stood alone, that ended a sudden burst, or a 503: perhaps it was no limit of ours, or not
/// there.
constexpr double doubtful_plateau = 5;
/// Above the last refusal: of the plateau, which is the longer the surer the limit is.
constexpr double doubled_after = 1.0 / 3;
constexpr std::size_t sure = 3; ///< refusals, or answers in the window

/// A refusal within so many seconds shows that the pace was far too high, not that it climbed a little over the limit.
constexpr double far_too_soon = 1.2;
constexpr double too_soon = 5;
/// What is left of the pace then.
constexpr double deepest_cut = 0.6;
constexpr double least_cut = 0.9;

/// What limiters count in. DRF knows these four.
constexpr seconds windows[] = {1s, 60s, 3600s, 86400s};

/// Without a Retry-After each rest in a row is twice as long.
constexpr std::size_t longest_rest_doublings = 6;

/// The call that tries after a rest holds the others up for so long at most.
constexpr steady_time::duration longest_try = 1s;

/// What a busy loop was late by is made up for, up to here.
constexpr steady_time::duration made_up = 30ms;

constexpr double slowest = 1.0 / 600; ///< per second

/// What is remembered of answers, and how long of a refusal.
constexpr std::size_t most_answers = 4096;
constexpr steady_time::duration remembered = 1h;

/// So many 503s in a row, to calls with so few others under way, while something got through so lately.
constexpr std::size_t limiter_503s = 3;
constexpr std::size_t nearly_alone = 4;
constexpr steady_time::duration just_got_through = 1s;
constexpr std::size_t quick_enough = 5; ///< so many calls a second show that the host is well
/// The same once more so soon after something got through: a host that is down does not answer in between, a limiter of
/// a call in a few seconds does.
constexpr steady_time::duration once_more_within = 30s;
/// A known limiter without any answer for so long is a host that is down.
constexpr steady_time::duration limiter_answers_within = 10s;
/// From the first pace down to this share of it, or to so many a second, and still 503s: they do not depend on the
/// pace.
constexpr double disbelief = 0.2;
constexpr double too_slow_for_503s = 0.1;
constexpr steady_time::duration disbelieved_for = 10min;

steady_time::duration to_steady(seconds time) {
    return std::chrono::duration_cast<steady_time::duration>(time);
}

} // namespace

steady_time request_pace::ready_at(steady_time now) const {
    if (now < held_until_) return held_until_;
    if (resting_) return now;
    if (trying_) return std::max(now, tried_at_ + longest_try);
    return paced_ ? std::max(now, next_) : now;
}

request_pace::change request_pace::sent(steady_time now) {
    auto news = change::none;
    if (resting_) {
        news = resume(now);
        trying_ = true;
        tried_at_ = now;
    } else if (trying_ && now >= tried_at_ + longest_try) {
        trying_ = false;
    }
    if (!paced_) return news;
    if (now - last_refusal_ > remembered) return forget();
    // Only a call that went when its time had come was held up by the pace.
    const bool waited = now - next_ <= made_up;
    const auto each = step();
    if (waited) used_ += seconds(each).count();
    next_ = std::max(next_, now - made_up) + each;
    const bool doubtful = plateau_after_ < first_plateau;
    if (rate() >= (doubtful ? gone_when_doubtful : gone) * ceiling_) return forget();
    return news;
}

void request_pace::answered(kind of, steady_time sent_at, steady_time now) {
    auto& mine = row_of(of);
    // An answer to an earlier call may be late.
    if (mine.length >= limiter_503s && sent_at > mine.began) mine.ended_at = now;
    mine.length = 0;
    unavailable_in_a_row_ = 0;
    answers_.push_back(now);
    while (answers_.size() > most_answers || now - answers_.front() > remembered)
        answers_.pop_front();
    if (trying_ && sent_at >= tried_at_) {
        trying_ = false;
        next_ = std::max(next_, now);
    }
    if (!resting_ && sent_at > last_cut_) {
        refusals_ = 0;
        silent_rests_ = 0;
    }
}

void request_pace::refused(steady_time sent_at, steady_time now, std::optional<std::chrono::milliseconds> wait) {
    // "At once" is what was refused.
    if (wait && *wait <= 0ms) wait.reset();
    last_refusal_ = now;
    if (refusals_++ == 0) refused_since_ = now;
    if (sent_at <= last_cut_) {
        // It went before the others were told.
        if (wait) {
            held_until_ = std::max(held_until_, now + *wait);
            resting_ = true;
        }
        return;
    }
    rest(now, wait);
}

request_pace::change request_pace::unavailable(kind of, steady_time sent_at, steady_time now, std::size_t at_a_time,
                                               std::optional<std::chrono::milliseconds> wait) {
    was_a_limiters_ = false;
    auto& mine = row_of(of);
    if (at_a_time <= nearly_alone) {
        ++unavailable_in_a_row_;
        if (mine.length++ == 0) mine.began = now;
    }
    if (now < believe_503_from_) return change::none;
    // A limiter lets others through all the time; a host in trouble may have answered a few calls just before.
    const bool others_get_through =
        unavailable_in_a_row_ >= limiter_503s && answers_since(now - just_got_through) >= quick_enough;
    const bool once_more = mine.length >= limiter_503s && mine.ended_at && now - *mine.ended_at <= once_more_within;
    const bool lately = !answers_.empty() && now - answers_.back() <= limiter_answers_within;
    was_a_limiters_ = (learned_from_503_ && lately) || others_get_through || once_more;
    if (!was_a_limiters_) return change::none;
    if (paced_ && learned_from_503_ && ceiling_ < std::max(disbelief * first_ceiling_, too_slow_for_503s)) {
        believe_503_from_ = now + disbelieved_for;
        was_a_limiters_ = false;
        rows_ = {};
        (void)forget();
        return change::disbelieved;
    }
    if (!paced_ && !learned_from_503_) {
        learned_from_503_ = true;
        // Those before in the row were refusals, too.
        if (refusals_ == 0 && mine.length > 0) refused_since_ = mine.began;
        refusals_ = std::max(refusals_, mine.length > 0 ? limiter_503s - 1 : 0);
    }
    // A bucket refills; and if it is an outage after all, the breaker's probes must not wait for more than this, unless
    // the host itself says so.
    const auto least = std::chrono::ceil<std::chrono::milliseconds>(first_rest_);
    refused(sent_at, now, std::max(least, wait.value_or(0ms)));
    return change::none;
}

request_pace::row& request_pace::row_of(kind of) {
    return rows_.at(static_cast<std::size_t>(of));
}

void request_pace::rest(steady_time now, std::optional<std::chrono::milliseconds> wait) {
    last_cut_ = now;
    resting_ = true;
    trying_ = false;
    duration time = wait.value_or(0ms);
    if (!wait) {
        time = first_rest_ * (1 << std::min(silent_rests_, longest_rest_doublings));
        ++silent_rests_;
    }
    held_until_ = std::max(held_until_, now + time);
}

/// The rest is over, and what was under way has come back: now the rate can be told.
request_pace::change request_pace::resume(steady_time now) {
    resting_ = false;
    if (refusals_ == 0) return change::none; // the first call of all
    const double before = paced_ ? rate() : 0;
    const bool long_window = held_until_ - refused_since_ > windows[0] + 500ms;
    next_ = now;
    if (!paced_) {
        const auto in_window = answers_since(refused_since_ - to_steady(windows[0]));
        if (in_window < sure && refusals_ < sure) {
            learned_from_503_ = false;
            return change::none;
        }
        // A burst shows what a bucket holds, and perhaps little of what it is filled with.
        const auto before_that = answers_since(refused_since_ - to_steady(2 * windows[0])) - in_window;
        const bool sudden = !long_window && 2 * before_that < in_window;
        const double observed = observed_rate();
        paced_ = true;
        plateau_after_ = refusals_ >= sure && !learned_from_503_ && !sudden ? first_plateau : doubtful_plateau;
        first_ceiling_ = observed;
        settle_at((1 - step_back) * observed, observed);
        return change::paced;
    }
    if (last_cut_ > refused_since_ || long_window) {
        // Refused although it waited, or for longer than the pace was made for.
        plateau_after_ = std::max(plateau_after_, first_plateau);
        const double observed = std::min(before, observed_rate());
        settle_at((1 - step_back) * observed, observed);
    } else if (used_ < far_too_soon) {
        const auto since = std::max(seconds(now - tried_at_).count(), windows[0].count());
        const auto through = static_cast<double>(answers_since(tried_at_)) / since;
        const auto start = std::clamp(through, deepest_cut * before, least_cut * before);
        settle_at(start, (1 - step_back) * before);
    } else if (used_ < too_soon || answers_since(tried_at_) < sure) {
        settle_at(least_cut * before, (1 - step_back) * before);
    } else {
        plateau_after_ = std::min(2 * plateau_after_, last_plateau);
        settle_at((1 - step_back) * before, before);
    }
    return change::none;
}

request_pace::change request_pace::forget() {
    paced_ = false;
    learned_from_503_ = false;
    resting_ = false;
    trying_ = false;
    refusals_ = 0;
    silent_rests_ = 0;
    return change::unpaced;
}

void request_pace::settle_at(double start, double ceiling) {
    ceiling_ = std::max(ceiling, slowest);
    start_ = std::max(start, slowest);
    used_ = 0;
}

/// CUBIC's curve up to the ceiling: steep, then flat. Above it doubling: either the next few calls are refused, which
/// costs no more for being far above, or the limit was never there.
double request_pace::rate() const {
    const double way = used_ / plateau_after_ - 1;
    if (way > 0) return ceiling_ * std::exp2((used_ - plateau_after_) / (doubled_after * plateau_after_));
    return ceiling_ + (ceiling_ - start_) * way * way * way;
}

request_pace::duration request_pace::step() const {
    return to_steady(seconds(1 / rate()));
}

std::size_t request_pace::answers_since(steady_time from) const {
    const auto first = std::upper_bound(answers_.begin(), answers_.end(), from);
    return static_cast<std::size_t>(std::distance(first, answers_.end()));
}

/// What got through in the server's window. That is longer than the time from the first refusal to the last one, and
/// the rest shows how long it may be at most, or at least if the server named it.
double request_pace::observed_rate() const {
    const seconds refused_for = last_cut_ - refused_since_;
    const seconds rested = held_until_ - refused_since_;
    const auto* window = std::find_if(std::begin(windows), std::end(windows) - 1,
                                      [&](seconds one) { return one >= rested - 500ms || one > refused_for + 2s; });
    const auto first = std::upper_bound(answers_.begin(), answers_.end(), refused_since_ - to_steady(*window));
    if (first == answers_.end()) return slowest;
    // A burst after a pause filled the window alone: its beginning is the window's.
    const seconds span = std::min<seconds>(held_until_ - *first, *window);
    return static_cast<double>(std::distance(first, answers_.end())) / std::max(span.count(), windows[0].count());
}

std::optional<double> request_pace::per_second() const {
    if (!paced_) return std::nullopt;
    return rate();
}

} // namespace kyc
