#include "progeny/gate.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace kyc::progeny {
namespace {

request_pace::kind kind_of(phase during) {
    switch (during) {
    case phase::submit:
        return request_pace::kind::upload;
    case phase::poll:
        return request_pace::kind::poll;
    case phase::token:
        break;
    }
    return request_pace::kind::token;
}

} // namespace

gate::gate(const boost::asio::any_io_executor& executor, const api_options& options)
    : tokens(options.login), breaker(options.retry), budget(options.retry), pace(first_rest(options.retry)),
      options_(options), changed_(executor) {}

async::awaitable<void> gate::wait(steady_time until) {
    if (until == until_notified) {
        co_await changed_.wait();
    } else {
        (void)co_await changed_.wait_for(until - now());
    }
}

std::optional<steady_time> gate::wait_until(const service* target, bool repeat) const {
    if (now() < pace.held_until()) return pace.held_until();
    return barred_until(target, repeat);
}

std::optional<steady_time> gate::barred_until(const service* target, bool repeat) const {
    const auto time = now();
    if (const auto until = breaker.wait_until(time)) return until;
    if (tokens.ask(time) == token_state::need::hold) return tokens.held_until();
    if (tokens.unproven() && proving_) return until_notified;
    if (repeat) {
        if (const auto until = budget.wait_until(time)) return until;
    }
    if (target != nullptr) {
        if (const auto found = streaks_.find(target->name); found != streaks_.end())
            if (const auto until = found->second.wait_until(time)) return until;
        if (const auto found = watches_.find(target->name); found != watches_.end())
            return found->second.wait_until(time);
    }
    return {};
}

admission gate::take(const service* target, bool repeat) {
    const bool host = breaker.take();
    const bool proof = tokens.unproven();
    if (proof) proving_ = true;
    const bool lone = repeat && budget.take();
    const bool refused = target != nullptr && streak_of(*target).take();
    const bool watched = target != nullptr && watch_of(*target).take();
    if (!host && !proof && !lone && !refused && !watched) return admission{};
    return admission{[this, host, proof, lone, refused, watched, target] {
        if (host) breaker.give_back();
        if (proof) proving_ = false;
        if (lone) budget.give_back();
        if (refused) streak_of(*target).give_back();
        if (watched) watch_of(*target).give_back();
        wake();
    }};
}

void gate::learn(const outcome& came) {
    if (came.status) ++calls_answered;
    learn_host(came);
    learn_pace(came);
    learn_budget(came);
    if (came.target != nullptr) learn_service(came);
}

/// The API counts by account, so all calls share a pace; tokens are few and have no turn, but count there.
void gate::learn_pace(const outcome& came) {
    if (came.status == 429) {
        pace.refused(came.sent_at, now(), came.wait);
    } else if (came.during != phase::token && came.status == 503) {
        say_pace(pace.unavailable(kind_of(came.during), came.sent_at, now(), came.at_a_time, came.wait));
    } else if (came.status && came.ruling.action != action::renew_token) {
        pace.answered(kind_of(came.during), came.sent_at, now());
    }
}

bool gate::is_of_the_rate(const std::optional<int>& status) const {
    return status == 429 || (status == 503 && pace.was_a_limiters());
}

void gate::begin_call(steady_time time) {
    say_pace(pace.sent(time));
}

void gate::say_pace(request_pace::change news) const {
    if (news == request_pace::change::paced) {
        std::array<char, 32> rate{};
        const auto per_second = pace.per_second().value_or(0);
        std::snprintf(rate.data(), rate.size(), per_second < 100 ? "%.3g" : "%.0f", per_second);
        say(notice::kind::paced, std::string("the API refuses calls that come too fast: they go at about ") +
                                     rate.data() + " a second from now on, more as it allows");
    } else if (news == request_pace::change::unpaced) {
        say(notice::kind::unpaced, "the API has allowed far more calls for a while: they are not paced any more");
    } else if (news == request_pace::change::disbelieved) {
        say(notice::kind::unpaced, "the API answers 503 at any pace: calls are not paced any more");
    }
}

void gate::learn_host(const outcome& came) {
    // While the breaker is open even the 500 of a young task is no sign of life.
    const bool server_error = came.status && *came.status >= 500;
    if (came.ruling.host_trouble || (server_error && breaker.is_open())) {
        host_why_ = came.what;
        const auto wait = came.wait.value_or(std::chrono::milliseconds(0));
        if (breaker.trouble(now(), came.probe, options_.random(), wait)) {
            down_since_ = std::chrono::system_clock::now();
            say(notice::kind::host_down, came.what);
        }
        // The waiters slept until the probe's outcome: now they sleep until the next one's time.
        if (came.probe) wake();
    } else if (came.status && !server_error) {
        // Tokens say nothing about whether cases get through.
        const bool got_through = came.during != phase::token && came.ruling.action != action::retry &&
                                 came.ruling.action != action::pause && came.ruling.action != action::renew_token;
        if (breaker.success(got_through)) {
            host_why_.clear();
            say(notice::kind::host_up, "the API answers again");
            wake();
        }
    }
}

void gate::learn_service(const outcome& came) {
    auto& streak = streak_of(*came.target);
    const auto& name = came.target->name;
    if (came.ruling.service_trouble && came.status) {
        if (streak.refused(*came.status, now(), came.probe)) {
            paused_.insert_or_assign(name, service_pause{came.what, std::chrono::system_clock::now()});
            say(notice::kind::service_paused, name +
                                                  " is paused: " + std::to_string(refusal_streak::refusals_to_pause) +
                                                  " cases in a row were refused; the last: " + came.what);
        }
    } else if (came.ruling.action == action::accept || came.ruling.code == failure_code::rejected) {
        // A 400 names fields of the case: the service did look at it.
        if (streak.success(came.probe)) {
            paused_.erase(name);
            say(notice::kind::service_resumed, name + " takes cases again");
            wake();
        }
    }
}

void gate::learn_budget(const outcome& came) {
    if (came.during == phase::token) return;
    const bool failed = came.ruling.action == action::retry || came.ruling.action == action::unknown_outcome;
    if (failed) {
        // A throttled account has a time of its own to wait for, and when the host is down for all nobody's repeat is
        // to blame.
        if (!came.repeat || is_of_the_rate(came.status) || breaker.is_open()) return;
        if (budget.failed(now(), options_.random()))
            say(notice::kind::repeats_held_back,
                "too many repeats have failed, so repeats go one at a time until more calls succeed (retry.budget); "
                "the last: " +
                    came.what);
        wake();
    } else if (came.status && came.ruling.action != action::renew_token) {
        if (budget.succeeded(came.repeat)) say(notice::kind::repeats_allowed, "repeats are free again (retry.budget)");
        if (came.repeat) wake();
    }
}

void gate::ended(const service& target, std::uint32_t era, std::string_view code) {
    auto& watch = watch_of(target);
    switch (watch.ended(code, era, now())) {
    case outcome_watch::change::paused: {
        const auto why = std::to_string(watch.cases_with_code()) + " of its latest " +
                         std::to_string(watch.cases_judged()) + " cases ended with " + watch.code();
        paused_.insert_or_assign(target.name, service_pause{why, std::chrono::system_clock::now()});
        say(notice::kind::service_paused,
            target.name + " is paused, so that no more is paid for the same: " + why +
                "; see 'kycd list --state failed', mend the cause, and one case tries now and then");
        break;
    }
    case outcome_watch::change::resumed:
        paused_.erase(target.name);
        say(notice::kind::service_resumed, target.name + " takes cases again");
        wake();
        break;
    case outcome_watch::change::none:
        break;
    }
}

void gate::try_again() {
    tokens.credentials_changed();
    breaker.try_now();
    for (auto& [name, streak] : streaks_)
        streak.try_now();
    for (auto& [name, watch] : watches_)
        watch.try_now();
    wake();
}

std::uint32_t gate::submitting(const service& target) {
    return watch_of(target).submitting(now());
}

outcome_watch& gate::watch_of(const service& target) {
    return watches_.try_emplace(target.name, options_.service_probe, options_.service_probe_max).first->second;
}

refusal_streak& gate::streak_of(const service& target) {
    return streaks_.try_emplace(target.name, options_.service_probe, options_.service_probe_max).first->second;
}

void gate::say(notice::kind kind, std::string message) const {
    if (options_.notify) options_.notify(notice{kind, std::move(message)});
}

std::string gate::why() const {
    if (tokens.is_refused() || tokens.unproven() || tokens.ask(now()) == token_state::need::hold) return token_why;
    if (breaker.is_open()) return host_why_;
    return paused_.empty() ? std::string() : paused_.begin()->second.why;
}

std::optional<gate::wall_time> gate::since() const {
    if (tokens.is_refused() || tokens.unproven() || tokens.ask(now()) == token_state::need::hold)
        return token_trouble_since;
    if (breaker.is_open()) return down_since_;
    return {};
}

std::optional<std::chrono::milliseconds> gate::until_next_call() const {
    const auto until = wait_until(nullptr, false);
    if (!until) return std::nullopt;
    if (*until == until_notified) return std::chrono::milliseconds(0);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(*until - now()), std::chrono::milliseconds(0));
}

std::vector<paused_service> gate::paused() const {
    std::vector<paused_service> list;
    const auto time = now();
    for (const auto& [name, streak] : streaks_)
        if (streak.is_paused()) add_paused(list, name, streak.status(), streak.wait_until(time));
    for (const auto& [name, watch] : watches_) {
        const auto refused = streaks_.find(name);
        if (!watch.is_paused() || (refused != streaks_.end() && refused->second.is_paused())) continue;
        add_paused(list, name, 0, watch.wait_until(time));
    }
    return list;
}

void gate::add_paused(std::vector<paused_service>& list, const std::string& name, int status,
                      const std::optional<steady_time>& until) const {
    paused_service one;
    one.service = name;
    one.status = status;
    if (const auto found = paused_.find(name); found != paused_.end()) {
        one.why = found->second.why;
        one.since = found->second.since;
    }
    if (until != until_notified) {
        const auto left = until ? *until - now() : steady_time::duration::zero();
        one.next_try = std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
    }
    list.push_back(std::move(one));
}

} // namespace kyc::progeny
