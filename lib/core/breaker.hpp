#pragma once
// When calls make no sense: the host is down for all, or a service refuses everybody. Pure; time and chance come in.

#include "core/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace kyc {

using steady_time = std::chrono::steady_clock::time_point;

/// Until somebody says that something changed.
inline constexpr steady_time until_notified = steady_time::max();

/// The host's breaker: five troubles in a row without a success open it; one probe at a time tries again.
/// Also knows whom a trouble may be charged to (design section 6): a case pays only when others got through meanwhile.
class host_breaker {
  public:
    static constexpr std::size_t troubles_to_open = 5;

    explicit host_breaker(const retry_settings& rules) : rules_(rules) {}

    void set_rules(const retry_settings& rules) { rules_ = rules; }

    /// None: go, after take(). Else when to ask again; until_notified while a probe is under way.
    [[nodiscard]] std::optional<steady_time> wait_until(steady_time now) const;

    /// Marks a call as begun; only when wait_until() is none. True: it is the probe.
    [[nodiscard]] bool take();

    /// The probe was not made after all: the next one may.
    void give_back() { probing_ = false; }

    /// Somebody may have mended the cause: the next probe need not wait.
    void try_now() { probe_at_ = {}; }

    /// The host replied, with no 5xx. True when that closed the breaker. `got_through`: the call also came to something
    /// (no 401, no 429), which is what others are measured by.
    bool success(bool got_through = true);

    /// A transport error or a 5xx. True when that opened the breaker. While open only the probe's trouble counts:
    /// those of calls that began before are old news. `wait`: the Retry-After, before which no probe goes.
    bool trouble(steady_time now, bool probe, double random, std::chrono::milliseconds wait = {});

    [[nodiscard]] bool is_open() const { return open_; }

    /// What a call must remember from its start for charge().
    [[nodiscard]] std::uint64_t successes() const { return successes_; }

    /// Whether this trouble counts as one of the case's attempts: only when another call succeeded since the case's
    /// last trouble (or since the call's start, when there was none) and the breaker is closed. `key` names the case.
    /// `of_itself`: the host said that it is unavailable (503). The case is blamed for that from the second time on,
    /// and only when the last call of all got through: several in a row are the host's own, or a limiter's. Before
    /// trouble() is told.
    [[nodiscard]] bool charge(const std::string& key, std::uint64_t successes_at_start, bool of_itself = false);

    /// The case's calls went well or it ended: its troubles are forgotten.
    void forget(const std::string& key) { last_trouble_.erase(key); }

  private:
    retry_settings rules_;
    std::size_t in_a_row_ = 0;
    std::size_t failed_probes_ = 0;
    bool open_ = false;
    bool probing_ = false;
    steady_time probe_at_{};
    std::uint64_t successes_ = 0;
    std::unordered_map<std::string, std::uint64_t> last_trouble_; ///< successes() at each case's last trouble
};

/// One service's refusals: five of one status in a row without a success pause its submits; a probe after a minute,
/// then after twice as long each time up to a quarter of an hour; only a probe's success resumes it.
class refusal_streak {
  public:
    static constexpr std::size_t refusals_to_pause = 5;

    refusal_streak(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest) {}

    /// As host_breaker's.
    [[nodiscard]] std::optional<steady_time> wait_until(steady_time now) const;
    [[nodiscard]] bool take();

    void give_back() { probing_ = false; }

    /// A status that counts against the service. True when that paused it.
    bool refused(int status, steady_time now, bool probe);

    /// The service looked at a case. True when that resumed it.
    bool success(bool probe);

    /// Somebody may have mended the cause: the next probe need not wait.
    void try_now() { probe_at_ = {}; }

    [[nodiscard]] bool is_paused() const { return paused_; }

    /// The status of the streak.
    [[nodiscard]] int status() const { return status_; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds delay_{};
    int status_ = 0;
    std::size_t in_a_row_ = 0;
    bool paused_ = false;
    bool probing_ = false;
    steady_time probe_at_{};
};

/// One service's submits that got no answer: five in a row without one make it suspect. Whether it is the service or
/// the host, others tell: once one of them got through, one submit at a time tries the suspect, from then on. If that
/// gets no answer either while others get through, the service pauses as a refusal_streak does.
class silence_streak {
  public:
    static constexpr std::size_t silences_to_suspect = refusal_streak::refusals_to_pause;

    /// What others met is learnt before the suspect tries again and takes what they need.
    static constexpr std::chrono::milliseconds before_first_try{1'000};

    silence_streak(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest) {}

    /// As host_breaker's.
    [[nodiscard]] std::optional<steady_time> wait_until(steady_time now) const;
    [[nodiscard]] bool take();

    void give_back() { probing_ = false; }

    /// A submit got no answer. `others`: somebody else got through since it was sent. True when that showed that it is
    /// the service's own fault.
    bool silent(steady_time now, bool probe, bool others);

    /// A call that is not this service's submit got through. True when that begins the tries.
    bool others_got_through(steady_time now);

    /// The service answered, which it does for all. True when that ended the tries.
    bool answered();

    /// Somebody may have mended the cause: the next try need not wait.
    void try_now() { probe_at_ = {}; }

    /// Too many submits in a row got no answer.
    [[nodiscard]] bool is_suspect() const { return in_a_row_ >= silences_to_suspect; }

    /// One at a time tries.
    [[nodiscard]] bool is_paused() const { return paused_; }

    /// It was its own fault, as far as is known.
    [[nodiscard]] bool is_to_blame() const { return delay_.count() > 0; }

  private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds delay_{};
    std::size_t in_a_row_ = 0;
    bool paused_ = false;
    bool probing_ = false;
    steady_time probe_at_{};
};

} // namespace kyc
