#pragma once
// Holds calls back while they make no sense, and learns from each outcome whether they do.

#include "async/signal.hpp"
#include "core/breaker.hpp"
#include "core/outcome_watch.hpp"
#include "core/request_pace.hpp"
#include "core/retry_budget.hpp"
#include "core/retry_rules.hpp"
#include "progeny/call_counts.hpp"
#include "progeny/https_api.hpp"

#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::progeny {

/// The state that all calls share. Loop's thread only; knows the clock, the rules themselves do not.
class gate {
  public:
    /// For people; what is decided goes by steady_time.
    using wall_time = std::chrono::system_clock::time_point;

    /// After a refusal that names no time everybody rests for so long at first.
    [[nodiscard]] static steady_time::duration first_rest(const retry_settings& rules) { return 2 * rules.base; }

    /// `options` must outlive it.
    gate(const boost::asio::any_io_executor& executor, const api_options& options);

    [[nodiscard]] static steady_time now() { return std::chrono::steady_clock::now(); }

    /// Suspends until that time or until something changed.
    [[nodiscard]] async::awaitable<void> wait(steady_time until);

    void wake() { changed_.notify_all(); }

    /// One who waits for leave, for as long as it lives: it decides who tries first where one tries for all. Those of
    /// the live lane stand before those of the bulk lane, in each lane first tries before repeats, else each behind
    /// who came before. So a case that has just tried in vain stands behind the others when it comes again.
    class place {
      public:
        /// `owner` outlives it.
        place(gate& owner, const caller& who);
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place();

      private:
        friend class gate;

        gate& owner_;
        caller who_;
        std::list<const place*>::const_iterator in_line_;
    };

    /// None: a call may begin, with take()'s leave, in the same breath. As api::admit(). But for the line.
    [[nodiscard]] std::optional<steady_time> wait_until(const caller& who) const;
    [[nodiscard]] admission take(const caller& who);

    /// As wait_until(), and until_notified while it gives way to somebody before it.
    [[nodiscard]] std::optional<steady_time> wait_in_line(const place& mine) const;

    /// Whether somebody who comes now need not wait, neither for the API nor for those in line.
    [[nodiscard]] bool admits(const caller& who) const;

    /// As wait_until(), but for the rest after a 429 or 503, which those who stand in line for the pace wait for there.
    [[nodiscard]] std::optional<steady_time> barred_until(const caller& who) const;

    /// A call goes, as `pace` allows. `time` is its sent_at, by which the call that tries after a rest is known again.
    void begin_call(steady_time time);

    /// What a call came to, told once per reply. `status` none: no reply. `wait`: the Retry-After, capped.
    struct outcome {
        phase during = phase::poll;
        kyc::ruling ruling;
        std::optional<int> status;
        std::optional<std::chrono::milliseconds> wait;
        const service* target = nullptr; ///< for submits
        kyc::lane lane = kyc::lane::live;
        steady_time sent_at{};     ///< the time of its turn
        std::size_t at_a_time = 1; ///< calls under way when it was sent, itself included
        bool probe = false;
        bool repeat = false; ///< as the call's
        std::string what;
    };

    void learn(const outcome& came);

    /// Whether what becomes of this one's submits is not to be taken for the host's: too many of its service's got no
    /// answer.
    [[nodiscard]] bool is_suspect(const caller& who) const;

    /// Whether the status that was just learnt is an answer to how fast all calls go: a 429, or a limiter's 503. It is
    /// no case's fault.
    [[nodiscard]] bool is_of_the_rate(const std::optional<int>& status) const;

    /// Somebody may have mended what made calls wait: refused credentials, paused services and a host that is down are
    /// tried at once. A rest that the API asked for stays.
    void try_again();

    /// As api::ended().
    void ended(const service& target, kyc::lane lane, std::uint32_t era, std::string_view code);

    /// A submit is made now. Returns what its case must remember for ended().
    std::uint32_t submitting(const service& target, kyc::lane lane);

    void say(notice::kind kind, std::string message) const;

    [[nodiscard]] std::string why() const;

    /// Since when all calls wait; none when they do not, or rest for a moment only.
    [[nodiscard]] std::optional<wall_time> since() const;

    /// Whether all calls wait for a token that does not come, for other reasons than refused credentials or a host that
    /// is down: the login failed, or has been under way for a while.
    [[nodiscard]] bool lacks_token() const;

    /// A login or a refresh begins. It ends with tokens.end().
    void begin_renewal();

    /// It has been under way for longer than an API that is well takes.
    [[nodiscard]] bool renewal_is_slow() const;

    /// When every call waits: until the next may be made, 0 while one tries for all. None: calls may be made.
    [[nodiscard]] std::optional<std::chrono::milliseconds> until_next_call() const;

    /// For what cases of this lane have met.
    [[nodiscard]] std::vector<paused_service> paused(kyc::lane lane) const;

    token_state tokens;
    host_breaker breaker;
    retry_budget budget;
    request_pace pace;
    std::uint64_t calls_answered = 0;
    call_counts counts;
    std::string token_why;                        ///< the last trouble with tokens
    std::optional<wall_time> token_trouble_since; ///< none: the last token came

  private:
    [[nodiscard]] bool waits_for_token() const;

    /// What the cases of one lane have met at one service, and why it is paused for them.
    struct service_watch {
        refusal_streak refusals;
        silence_streak silences;
        outcome_watch outcomes;
        std::string why;
        wall_time since{};
        std::string last_silence; ///< why, should the silence turn out to be its own

        [[nodiscard]] bool is_paused() const {
            return refusals.is_paused() || silences.is_paused() || outcomes.is_paused();
        }
    };

    using line = std::list<const place*>;

    [[nodiscard]] line::const_iterator end_of_line(const caller& who) const;
    [[nodiscard]] bool gives_way(const caller& who, line::const_iterator standing) const;
    [[nodiscard]] std::vector<const void*> tries_for(const caller& who) const;

    void learn_host(const outcome& came);
    void learn_that_others_get_through(const outcome& came);
    void learn_pace(const outcome& came);
    void say_pace(request_pace::change news) const;
    void learn_service(const outcome& came);
    void learn_budget(const outcome& came);
    void learn_service(const outcome& came, kyc::lane lane);
    void learn_silence(const outcome& came, service_watch& watch, const std::string& who);
    [[nodiscard]] service_watch& watch_of(const service& target, kyc::lane lane);
    [[nodiscard]] const service_watch* known_watch_of(const service& target, kyc::lane lane) const;

    const api_options& options_;
    async::signal changed_;
    std::map<std::pair<std::string, kyc::lane>, service_watch> watches_; ///< by service and lane
    std::string host_why_;
    wall_time down_since_{};
    steady_time got_through_at_{}; ///< when a call last came to something
    steady_time renewing_from_{};
    wall_time renewing_since_{};
    bool proving_ = false; ///< the one call that tries refused credentials is under way
    line waiting_;         ///< for leave, who goes first at the front
};

} // namespace kyc::progeny
