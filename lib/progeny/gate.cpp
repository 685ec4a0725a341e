#include "progeny/gate.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <span>
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

/// Whose refusals a case waits for: the bulk lane for what dropped cases meet, too.
std::span<const kyc::lane> lanes_heeded_by(kyc::lane who) {
    static constexpr std::array both{kyc::lane::live, kyc::lane::bulk};
    return std::span(both).first(who == kyc::lane::live ? 1 : 2);
}

/// For people.
std::string cases_of(const service& target, kyc::lane lane) {
    return lane == kyc::lane::live ? target.name : "re-verification by " + target.name;
}

/// A login is answered in much less.
constexpr std::chrono::seconds renewal_worth_telling{3};

/// The call came to something. Tokens say nothing about whether cases get through.
bool got_through(const gate::outcome& came) {
    if (!came.status || *came.status >= 500 || came.during == phase::token) return false;
    const auto what = came.ruling.action;
    return what != action::retry && what != action::pause && what != action::renew_token;
}

/// Whoever it was meant for may have been there, and said nothing, or nothing but that it failed.
bool is_silence(const gate::outcome& came) {
    if (came.during == phase::token || !came.ruling.host_trouble) return false;
    return came.during == phase::submit ? came.ruling.service_trouble : !came.status;
}

/// Who goes before whom, whenever they came.
std::pair<bool, bool> rank(const caller& who) {
    return {who.lane != kyc::lane::live, who.repeat};
}

} // namespace

gate::place::place(gate& owner, const caller& who)
    : owner_(owner), who_(who), in_line_(owner.waiting_.insert(owner.end_of_line(who), this)) {}

gate::place::~place() {
    owner_.waiting_.erase(in_line_);
    // Somebody may have given way to it.
    if (!owner_.tries_for(who_).empty() && !owner_.wait_until(who_)) owner_.wake();
}

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

std::optional<steady_time> gate::wait_until(const caller& who) const {
    if (now() < pace.held_until()) return pace.held_until();
    return barred_until(who);
}

std::optional<steady_time> gate::barred_until(const caller& who) const {
    const auto time = now();
    if (const auto until = breaker.wait_until(time)) return until;
    if (tokens.ask(time) == token_state::need::hold) return tokens.held_until();
    if (tokens.unproven() && proving_) return until_notified;
    if (who.repeat) {
        if (const auto until = budget.wait_until(time)) return until;
    }
    if (who.target == nullptr) return {};
    for (const auto lane : lanes_heeded_by(who.lane)) {
        const auto* const watch = known_watch_of(*who.target, lane);
        if (watch == nullptr) continue;
        if (const auto until = watch->refusals.wait_until(time)) return until;
        if (const auto until = watch->silences.wait_until(time)) return until;
        if (const auto until = watch->outcomes.wait_until(time)) return until;
    }
    return {};
}

std::optional<steady_time> gate::wait_in_line(const place& mine) const {
    if (const auto until = wait_until(mine.who_)) return until;
    if (gives_way(mine.who_, mine.in_line_)) return until_notified;
    return {};
}

bool gate::admits(const caller& who) const {
    return !wait_until(who) && !gives_way(who, end_of_line(who));
}

gate::line::const_iterator gate::end_of_line(const caller& who) const {
    const auto goes_behind = [&who](const place* one) { return rank(who) < rank(one->who_); };
    return std::find_if(waiting_.begin(), waiting_.end(), goes_behind);
}

/// Only to who could go now: what else holds a case up may last for hours. Where all try whether the host is up, those
/// whose services are silent go last: their silence says little about it, and takes long.
bool gate::gives_way(const caller& who, line::const_iterator standing) const {
    const auto wanted = tries_for(who);
    if (wanted.empty()) return false;
    const auto wants_it_too = [&](const place* one) {
        const auto theirs = tries_for(one->who_);
        return std::find_first_of(theirs.begin(), theirs.end(), wanted.begin(), wanted.end()) != theirs.end();
    };
    const auto is_last = [&](const caller& one) { return breaker.is_open() && is_suspect(one); };
    const bool goes_last = is_last(who);
    if (std::any_of(waiting_.begin(), standing, [&](const place* one) {
            return (goes_last || !is_last(one->who_)) && wants_it_too(one) && !wait_until(one->who_);
        }))
        return true;
    return goes_last && std::any_of(standing, waiting_.end(), [&](const place* one) {
               return !is_last(one->who_) && wants_it_too(one) && !wait_until(one->who_);
           });
}

bool gate::is_suspect(const caller& who) const {
    if (who.target == nullptr) return false;
    const auto lanes = lanes_heeded_by(who.lane);
    return std::any_of(lanes.begin(), lanes.end(), [&](kyc::lane lane) {
        const auto* const watch = known_watch_of(*who.target, lane);
        return watch != nullptr && watch->silences.is_suspect();
    });
}

/// Where one tries for all: what this one's call would try. As take().
std::vector<const void*> gate::tries_for(const caller& who) const {
    std::vector<const void*> all;
    if (breaker.is_open()) all.push_back(&breaker);
    if (tokens.unproven()) all.push_back(&tokens);
    if (who.repeat && budget.is_empty()) all.push_back(&budget);
    if (who.target == nullptr) return all;
    for (const auto lane : lanes_heeded_by(who.lane)) {
        const auto* const watch = known_watch_of(*who.target, lane);
        if (watch == nullptr) continue;
        if (watch->refusals.is_paused()) all.push_back(&watch->refusals);
        if (watch->silences.is_paused()) all.push_back(&watch->silences);
        if (watch->outcomes.is_paused()) all.push_back(&watch->outcomes);
    }
    return all;
}

admission gate::take(const caller& who) {
    std::vector<std::function<void()>> taken;
    if (breaker.take()) taken.emplace_back([this] { breaker.give_back(); });
    if (tokens.unproven()) {
        proving_ = true;
        taken.emplace_back([this] { proving_ = false; });
    }
    if (who.repeat && budget.take()) taken.emplace_back([this] { budget.give_back(); });
    if (who.target != nullptr) {
        for (const auto lane : lanes_heeded_by(who.lane)) {
            auto& watch = watch_of(*who.target, lane);
            if (watch.refusals.take()) taken.emplace_back([&watch] { watch.refusals.give_back(); });
            if (watch.silences.take()) taken.emplace_back([&watch] { watch.silences.give_back(); });
            if (watch.outcomes.take()) taken.emplace_back([&watch] { watch.outcomes.give_back(); });
        }
    }
    if (taken.empty()) return admission{};
    wake(); // who gave way to this one may try something else
    return admission{[this, taken = std::move(taken)] {
        for (const auto& give_back : taken)
            give_back();
        wake();
    }};
}

void gate::learn(const outcome& came) {
    if (came.status) ++calls_answered;
    learn_host(came);
    learn_pace(came);
    learn_budget(came);
    if (came.target != nullptr) learn_service(came);
    if (got_through(came)) learn_that_others_get_through(came);
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
    // Others got through while this one waited in vain: that is not the host.
    if (is_silence(came) && came.sent_at < got_through_at_) return;
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
        if (breaker.success(got_through(came))) {
            host_why_.clear();
            say(notice::kind::host_up, "the API answers again");
            wake();
        }
    }
}

/// What the silent services' submits met was not the host's fault then.
void gate::learn_that_others_get_through(const outcome& came) {
    got_through_at_ = now();
    for (auto& [whose, watch] : watches_) {
        const bool its_own = came.target != nullptr && came.target->name == whose.first;
        if (its_own || !watch.silences.others_got_through(got_through_at_)) continue;
        watch.why = watch.last_silence;
        watch.since = std::chrono::system_clock::now();
    }
}

void gate::learn_service(const outcome& came) {
    learn_service(came, came.lane);
    // A case of the bulk lane may be the one that tries a service again which is paused for all.
    if (came.lane != kyc::lane::live && came.probe) {
        const auto* const for_all = known_watch_of(*came.target, kyc::lane::live);
        const bool tried_for_all =
            for_all != nullptr && (for_all->refusals.is_paused() || for_all->silences.is_paused());
        if (tried_for_all) learn_service(came, kyc::lane::live);
    }
}

void gate::learn_service(const outcome& came, kyc::lane lane) {
    auto& watch = watch_of(*came.target, lane);
    const auto who = cases_of(*came.target, lane);
    learn_silence(came, watch, who);
    if (came.ruling.service_trouble && !came.ruling.host_trouble) {
        if (watch.refusals.refused(*came.status, now(), came.probe)) {
            watch.why = came.what;
            watch.since = std::chrono::system_clock::now();
            say(notice::kind::service_paused, who + " is paused: " + std::to_string(refusal_streak::refusals_to_pause) +
                                                  " cases in a row were refused; the last: " + came.what);
        }
    } else if (came.ruling.action == action::accept || came.ruling.code == failure_code::rejected) {
        // A 400 names fields of the case: the service did look at it.
        if (watch.refusals.success(came.probe)) {
            say(notice::kind::service_resumed, who + " takes cases again");
            wake();
        }
    }
}

void gate::learn_silence(const outcome& came, service_watch& watch, const std::string& who) {
    if (came.ruling.service_trouble && came.ruling.host_trouble) {
        watch.last_silence = came.what;
        if (!watch.silences.silent(now(), came.probe, came.sent_at < got_through_at_)) return;
        watch.why = came.what;
        say(notice::kind::service_paused, who + " is paused: " + std::to_string(silence_streak::silences_to_suspect) +
                                              " submits in a row and one more got no answer, while other calls got "
                                              "through; the last: " +
                                              came.what);
    } else if (got_through(came)) {
        const bool was_said = watch.silences.is_to_blame();
        if (!watch.silences.answered()) return;
        if (was_said) say(notice::kind::service_resumed, who + " takes cases again");
        wake();
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

void gate::ended(const service& target, kyc::lane lane, std::uint32_t era, std::string_view code) {
    auto& watch = watch_of(target, lane);
    const auto who = cases_of(target, lane);
    switch (watch.outcomes.ended(code, era, now())) {
    case outcome_watch::change::paused:
        watch.why = std::to_string(watch.outcomes.cases_with_code()) + " of its latest " +
                    std::to_string(watch.outcomes.cases_judged()) + " cases ended with " + watch.outcomes.code();
        watch.since = std::chrono::system_clock::now();
        say(notice::kind::service_paused,
            who + " is paused, so that no more is paid for the same: " + watch.why +
                "; see 'kycd list --state failed', mend the cause, and one case tries now and then");
        break;
    case outcome_watch::change::resumed:
        say(notice::kind::service_resumed, who + " takes cases again");
        wake();
        break;
    case outcome_watch::change::none:
        break;
    }
}

void gate::try_again() {
    tokens.credentials_changed();
    breaker.try_now();
    for (auto& [whose, watch] : watches_) {
        watch.refusals.try_now();
        watch.silences.try_now();
        watch.outcomes.try_now();
    }
    wake();
}

std::uint32_t gate::submitting(const service& target, kyc::lane lane) {
    // Who tries a service that is paused for all puts the next try off for all.
    if (lane != kyc::lane::live) (void)watch_of(target, kyc::lane::live).outcomes.submitting(now());
    return watch_of(target, lane).outcomes.submitting(now());
}

gate::service_watch& gate::watch_of(const service& target, kyc::lane lane) {
    const auto found = watches_.find({target.name, lane});
    if (found != watches_.end()) return found->second;
    service_watch fresh{{options_.service_probe, options_.service_probe_max},
                        {options_.service_probe, options_.service_probe_max},
                        {options_.service_probe, options_.service_probe_max},
                        {},
                        {},
                        {}};
    return watches_.emplace(std::pair(target.name, lane), std::move(fresh)).first->second;
}

const gate::service_watch* gate::known_watch_of(const service& target, kyc::lane lane) const {
    const auto found = watches_.find({target.name, lane});
    return found == watches_.end() ? nullptr : &found->second;
}

void gate::say(notice::kind kind, std::string message) const {
    if (options_.notify) options_.notify(notice{kind, std::move(message)});
}

void gate::begin_renewal() {
    renewing_from_ = now();
    renewing_since_ = std::chrono::system_clock::now();
    tokens.begin();
}

bool gate::renewal_is_slow() const {
    return tokens.renewing() && now() - renewing_from_ >= renewal_worth_telling;
}

bool gate::lacks_token() const {
    if (tokens.is_refused() || tokens.unproven() || breaker.is_open() || tokens.life_left(now())) return false;
    return token_trouble_since || renewal_is_slow();
}

/// Also while the host is down, which a login may be the first to meet.
bool gate::waits_for_token() const {
    return tokens.is_refused() || tokens.unproven() || tokens.ask(now()) == token_state::need::hold || lacks_token();
}

std::string gate::why() const {
    if (waits_for_token()) return token_why.empty() ? "the login has not been answered yet" : token_why;
    if (breaker.is_open()) return host_why_;
    for (const auto& [whose, watch] : watches_)
        if (whose.second == kyc::lane::live && watch.is_paused()) return watch.why;
    return {};
}

std::optional<gate::wall_time> gate::since() const {
    if (waits_for_token()) return token_trouble_since.value_or(renewing_since_);
    if (breaker.is_open()) return down_since_;
    return {};
}

std::optional<std::chrono::milliseconds> gate::until_next_call() const {
    const auto until = wait_until(caller(nullptr, false));
    if (!until) return std::nullopt;
    if (*until == until_notified) return std::chrono::milliseconds(0);
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(*until - now()), std::chrono::milliseconds(0));
}

std::vector<paused_service> gate::paused(kyc::lane lane) const {
    std::vector<paused_service> list;
    const auto time = now();
    for (const auto& [whose, watch] : watches_) {
        if (whose.second != lane || !watch.is_paused()) continue;
        const bool refused = watch.refusals.is_paused();
        paused_service one;
        one.service = whose.first;
        one.status = refused ? watch.refusals.status() : 0;
        one.why = watch.why;
        one.since = watch.since;
        const auto until = refused                      ? watch.refusals.wait_until(time)
                           : watch.silences.is_paused() ? watch.silences.wait_until(time)
                                                        : watch.outcomes.wait_until(time);
        if (until != until_notified) {
            const auto left = until ? *until - time : steady_time::duration::zero();
            one.next_try = std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(0));
        }
        list.push_back(std::move(one));
    }
    return list;
}

} // namespace kyc::progeny
