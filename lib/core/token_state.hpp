#pragma once
// What to do about tokens: use, refresh, log in, or wait (design section 8, progeny-api section 4). Pure; time comes
// in.

#include "core/breaker.hpp"
#include "core/jwt.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kyc {

/// How long an access token lives, from the moment its reply came. Our wall clock takes no part, so that it may be
/// wrong by hours: `exp` - `iat`, else `exp` - the reply's Date, else the documented five minutes.
[[nodiscard]] std::chrono::seconds token_lifetime(const jwt_times& times,
                                                  std::optional<std::chrono::sys_seconds> server_date);

/// How long before its end a token is renewed, so that a whole upload fits: a minute, or a fifth of a shorter life.
[[nodiscard]] std::chrono::milliseconds renewal_margin(std::chrono::milliseconds lifetime);

/// First and longest wait between logins after the API refused the credentials.
struct login_backoff {
    std::chrono::milliseconds first{30'000};
    std::chrono::milliseconds longest{15 * 60'000};
};

/// The process's pair of tokens. One renewal at a time: begin(), then refresh and log in as next() says, then end().
class token_state {
  public:
    enum class need {
        use,     ///< access() is good
        join,    ///< a renewal is under way: wait for it
        refresh, ///< begin() and refresh
        login,   ///< begin() and log in
        hold,    ///< not before held_until()
    };

    explicit token_state(const login_backoff& backoff) : backoff_(backoff) {}

    /// What a call needs at `now`.
    [[nodiscard]] need ask(steady_time now) const;

    [[nodiscard]] steady_time held_until() const { return not_before_; }

    /// How long the access token is good from `now`; none when there is none that is.
    [[nodiscard]] std::optional<std::chrono::milliseconds> life_left(steady_time now) const;

    /// How long ago that one came.
    [[nodiscard]] std::optional<std::chrono::milliseconds> age(steady_time now) const;

    [[nodiscard]] const secret& access() const { return access_; }

    [[nodiscard]] const secret& refresh() const { return refresh_; }

    /// Counts the pairs: tells a call that used an older token from one that used this one.
    [[nodiscard]] std::uint64_t generation() const { return generation_; }

    void begin() { renewing_ = true; }

    void end() { renewing_ = false; }

    [[nodiscard]] bool renewing() const { return renewing_; }

    /// A new pair; both are replaced at once. True when that ended a refusal.
    bool took(secret access, secret refresh, std::chrono::milliseconds lifetime, steady_time now);

    /// The refresh token is burnt, or may be: refused, or its answer was lost. Next comes a login.
    void drop_refresh() { refresh_ = secret{}; }

    /// Neither yes nor no: nothing was sent, the host is in trouble, 429. Not again before `now` + `delay`.
    void troubled(steady_time now, std::chrono::milliseconds delay);

    /// A call that used this generation got a 401. Nothing happens when the pair was replaced meanwhile.
    void rejected(std::uint64_t generation);

    /// A login was refused, or a replay with a fresh token was: everybody waits. True when that is news.
    bool refused(steady_time now, double random, bool by_call);

    /// The API took a call with the newest token. True when that ended a refusal.
    bool proved();

    /// New credentials may be there: log in at once.
    void credentials_changed();

    /// The next need is a login, whatever is held.
    void forget();

    [[nodiscard]] bool is_refused() const { return refused_; }

    /// Logins work, but calls were refused after the last one: let one call try before all do.
    [[nodiscard]] bool unproven() const { return unproven_; }

  private:
    login_backoff backoff_;
    secret access_;
    secret refresh_;
    std::uint64_t generation_ = 0;
    steady_time came_at_{};
    steady_time renew_at_{};
    steady_time ends_at_{};
    steady_time not_before_{};
    bool renewing_ = false;
    bool refused_ = false;
    bool unproven_ = false;
    std::size_t refusals_ = 0;
};

} // namespace kyc
