#include "core/breaker.hpp"

#include "core/pacing.hpp"

#include <algorithm>
#include <utility>

namespace kyc {
namespace {

/// Cases that vanish without a last word leave an entry each; past this many all are dropped, which forgives each a
/// trouble.
constexpr std::size_t most_remembered = 50'000;

std::optional<steady_time> next_probe(bool open, bool probing, steady_time probe_at, steady_time now) {
    if (!open) return {};
    if (probing) return until_notified;
    if (now < probe_at) return probe_at;
    return {};
}

} // namespace

std::optional<steady_time> host_breaker::wait_until(steady_time now) const {
    return next_probe(open_, probing_, probe_at_, now);
}

bool host_breaker::take() {
    if (!open_) return false;
    probing_ = true;
    return true;
}

bool host_breaker::success(bool got_through) {
    if (got_through) ++successes_;
    in_a_row_ = 0;
    failed_probes_ = 0;
    probing_ = false;
    return std::exchange(open_, false);
}

bool host_breaker::trouble(steady_time now, bool probe, double random, std::chrono::milliseconds wait) {
    if (open_) {
        if (!probe || !probing_) return false;
        probing_ = false;
        ++failed_probes_;
        probe_at_ = now + std::max(wait, backoff_delay(rules_, failed_probes_ + 1, random));
        return false;
    }
    if (++in_a_row_ < troubles_to_open) return false;
    open_ = true;
    probing_ = false;
    failed_probes_ = 0;
    probe_at_ = now + std::max(wait, backoff_delay(rules_, 1, random));
    return true;
}

bool host_breaker::charge(const std::string& key, std::uint64_t successes_at_start, bool of_itself) {
    if (last_trouble_.size() >= most_remembered) last_trouble_.clear();
    const auto [place, first] = last_trouble_.try_emplace(key, successes_at_start);
    const bool others_got_through = successes_ > place->second;
    place->second = successes_;
    const bool hosts_own = of_itself && (first || in_a_row_ > 0);
    return others_got_through && !open_ && !hosts_own;
}

std::optional<steady_time> refusal_streak::wait_until(steady_time now) const {
    return next_probe(paused_, probing_, probe_at_, now);
}

bool refusal_streak::take() {
    if (!paused_) return false;
    probing_ = true;
    return true;
}

bool refusal_streak::refused(int status, steady_time now, bool probe) {
    if (paused_) {
        if (!probe || !probing_) return false;
        probing_ = false;
        status_ = status;
        delay_ = std::min(delay_ * 2, longest_);
        probe_at_ = now + delay_;
        return false;
    }
    in_a_row_ = status == status_ ? in_a_row_ + 1 : 1;
    status_ = status;
    if (in_a_row_ < refusals_to_pause) return false;
    paused_ = true;
    probing_ = false;
    delay_ = first_;
    probe_at_ = now + delay_;
    return true;
}

bool refusal_streak::success(bool probe) {
    if (paused_ && !(probe && probing_)) return false;
    in_a_row_ = 0;
    status_ = 0;
    probing_ = false;
    return std::exchange(paused_, false);
}

std::optional<steady_time> silence_streak::wait_until(steady_time now) const {
    return next_probe(paused_, probing_, probe_at_, now);
}

bool silence_streak::take() {
    if (!paused_) return false;
    probing_ = true;
    return true;
}

bool silence_streak::silent(steady_time now, bool probe, bool others) {
    ++in_a_row_;
    if (!paused_ || !probe || !probing_) return false;
    probing_ = false;
    // Nobody gets through: that is the host's affair, and the breaker's.
    if (!others && !is_to_blame()) return false;
    const bool is_news = !is_to_blame();
    delay_ = is_news ? first_ : std::min(delay_ * 2, longest_);
    probe_at_ = now + delay_;
    return is_news;
}

bool silence_streak::others_got_through(steady_time now) {
    if (paused_ || !is_suspect()) return false;
    paused_ = true;
    probe_at_ = now + std::min(first_, before_first_try);
    return true;
}

bool silence_streak::answered() {
    in_a_row_ = 0;
    delay_ = {};
    probing_ = false;
    return std::exchange(paused_, false);
}

} // namespace kyc
