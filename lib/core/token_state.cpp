#include "core/token_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kyc {

using namespace std::chrono;

seconds token_lifetime(const jwt_times& times, std::optional<sys_seconds> server_date) {
    constexpr seconds documented = minutes{5};
    constexpr seconds longest = days{1};
    if (!times.expires_at) return documented;
    seconds lifetime{0};
    if (times.issued_at)
        lifetime = seconds{*times.expires_at - *times.issued_at};
    else if (server_date)
        lifetime = seconds{*times.expires_at} - server_date->time_since_epoch();
    // A token that was born dead would be renewed for ever; a Date that a cache kept can make one look so.
    if (lifetime <= seconds{0}) return documented;
    return std::min(lifetime, longest);
}

milliseconds renewal_margin(milliseconds lifetime) {
    return std::min(milliseconds{60'000}, lifetime / 5);
}

token_state::need token_state::ask(steady_time now) const {
    const bool alive = !access_.empty() && now < ends_at_;
    if (alive && now < renew_at_) return need::use;
    if (renewing_) return need::join;
    if (now < not_before_) {
        // The renewal is in trouble; what is left of the old token's life is still good.
        return alive ? need::use : need::hold;
    }
    return refresh_.empty() ? need::login : need::refresh;
}

std::optional<milliseconds> token_state::life_left(steady_time now) const {
    if (access_.empty() || now >= ends_at_) return std::nullopt;
    return floor<milliseconds>(ends_at_ - now);
}

std::optional<milliseconds> token_state::age(steady_time now) const {
    if (!life_left(now)) return std::nullopt;
    return floor<milliseconds>(now - came_at_);
}

bool token_state::took(secret access, secret refresh, milliseconds lifetime, steady_time now) {
    access_ = std::move(access);
    refresh_ = std::move(refresh);
    ++generation_;
    came_at_ = now;
    ends_at_ = now + lifetime;
    renew_at_ = ends_at_ - renewal_margin(lifetime);
    not_before_ = {};
    if (!unproven_) refusals_ = 0;
    return std::exchange(refused_, false) && !unproven_;
}

void token_state::troubled(steady_time now, milliseconds delay) {
    not_before_ = std::max(not_before_, now + delay);
}

void token_state::rejected(std::uint64_t generation) {
    if (generation == generation_) access_ = secret{};
}

bool token_state::refused(steady_time now, double random, bool by_call) {
    const auto doubled = static_cast<double>(backoff_.first.count()) * std::pow(2.0, static_cast<double>(refusals_));
    const auto delay = std::min(doubled, static_cast<double>(backoff_.longest.count()));
    ++refusals_;
    // A fifth more or less, so that several daemons on one account do not come back together.
    not_before_ = now + milliseconds{std::llround(delay * (0.8 + 0.4 * random))};
    access_ = secret{};
    refresh_ = secret{};
    const bool news = !refused_ && !unproven_;
    refused_ = true;
    unproven_ = unproven_ || by_call;
    return news;
}

bool token_state::proved() {
    refusals_ = 0;
    return std::exchange(unproven_, false);
}

void token_state::credentials_changed() {
    not_before_ = {};
    if (refused_ || unproven_) forget();
}

void token_state::forget() {
    not_before_ = {};
    access_ = secret{};
    refresh_ = secret{};
}

} // namespace kyc
