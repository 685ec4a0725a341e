#pragma once
// The Progeny API in kycd's words. Abstract, so that tests can script it.

#include "async/awaitable.hpp"
#include "async/urgency.hpp"
#include "core/lane.hpp"
#include "core/retry_rules.hpp"
#include "core/service.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::progeny {

/// One image to upload; the bytes belong to the caller and live until submit() returned.
struct image_part {
    std::string field;
    std::string filename;     ///< made by kycd, e.g. "front_id.png"
    std::string content_type; ///< "image/png" or "image/jpeg"
    std::span<const std::byte> bytes;
};

/// Who wants to call: what decides whether that makes sense now.
struct caller {
    const kyc::service* target; ///< null: a poll
    bool repeat;                ///< the same was tried before and failed
    kyc::lane lane;

    caller(const kyc::service* target_, bool repeat_, kyc::lane lane_ = kyc::lane::live)
        : target(target_), repeat(repeat_), lane(lane_) {}
};

/// One paid call.
struct submission {
    const kyc::service* target = nullptr;
    std::vector<std::pair<std::string, std::string>> fields; ///< without extend_data
    bool extend_data = false;
    std::vector<image_part> images;
    std::string request_id; ///< the same for all attempts of a case: attempts are charged by it; not sent
    bool repeat = false;    ///< the case's try before failed: this one is paid from the retry budget
    kyc::lane lane = kyc::lane::live;
};

/// One question about a task.
struct poll_question {
    std::string task_id;
    std::chrono::milliseconds age{0}; ///< since the receipt
    bool repeat = false;              ///< the question before failed

    poll_question() = default;
};

/// What a call came to: the ruling, and what is needed to act on it.
struct api_reply {
    kyc::ruling ruling;
    std::optional<int> http_status; ///< none: no reply
    std::string body;               ///< the reply's, as it came
    std::string what;               ///< one sentence for log and error.json; no secret, no personal data
    std::string task_id;            ///< submit, action::accept: the receipt
    std::optional<std::chrono::milliseconds> retry_after; ///< obeyed and capped already by the settings
    bool charged = true;   ///< whether it counts as one of the case's attempts (false while the host is down for all)
    std::uint32_t era = 0; ///< submit: to be given back with the case's end, see api::ended()
};

/// Leave to make one call. A probe's leave that is dropped unused lets the next one probe. Movable, RAII; must not
/// outlive the api.
class admission {
  public:
    admission() = default;

    explicit admission(std::function<void()> unused) : unused_(std::move(unused)) {}

    admission(admission&& other) noexcept : unused_(std::exchange(other.unused_, nullptr)), turn_(other.turn_) {}

    admission& operator=(admission&& other) noexcept {
        if (this != &other) {
            release();
            unused_ = std::exchange(other.unused_, nullptr);
            turn_ = other.turn_;
        }
        return *this;
    }

    ~admission() { release(); }

    /// Whether this call tries for all who wait. Its leave is given back once its outcome is known.
    [[nodiscard]] bool probe() const noexcept { return static_cast<bool>(unused_); }

    /// When its turn came; none: it did not stand in line.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> turn() const noexcept { return turn_; }

    void take_turn(std::chrono::steady_clock::time_point now) noexcept { turn_ = now; }

  private:
    void release() noexcept {
        if (auto give_back = std::exchange(unused_, nullptr)) give_back();
    }

    std::function<void()> unused_;
    std::optional<std::chrono::steady_clock::time_point> turn_;
};

/// How fast calls may be made now, as learned from the API.
struct api_pace {
    std::optional<double> calls_per_second;   ///< none: not paced
    std::chrono::milliseconds resting_for{0}; ///< nobody calls for so long, since the API refused
    std::size_t uploads_allowed = 0;          ///< at a time
    std::size_t polls_allowed = 0;
    std::size_t uploads_under_way = 0;
    std::size_t polls_under_way = 0;
};

/// A service whose submits wait: its cases were refused in a row, or too many ended with one code.
struct paused_service {
    std::string service;
    int status = 0;                                    ///< of the refusals; 0: it is about how cases ended
    std::string why;                                   ///< what the API said last, or how many ended how
    std::chrono::system_clock::time_point since{};     ///< it has been paused
    std::optional<std::chrono::milliseconds> next_try; ///< none: a probe is under way
};

/// Whether calls make sense now, for the log, `status` and the exit code.
struct api_health {
    bool credentials_refused = false;
    bool host_down = false;
    bool no_token = false; ///< all calls wait for one, for other reasons than these two
    std::string why;       ///< the last trouble, empty when all is well
    std::optional<std::chrono::system_clock::time_point> since; ///< when all calls wait: since when
    std::optional<std::chrono::milliseconds> next_try;          ///< when all calls wait: until one may be made
    bool token_renewing = false;
    std::optional<std::chrono::milliseconds> token_life; ///< what is left of it; none: there is no token
    std::vector<paused_service> paused;
    std::vector<paused_service> paused_for_bulk; ///< for re-verifications alone: dropped cases go on
    bool repeats_held_back = false;              ///< retry.budget is spent: repeats go one at a time
    std::size_t retry_budget_left = 0;           ///< of retry.budget
    std::uint64_t submits_accepted = 0;
    std::uint64_t calls_answered = 0; ///< any HTTP reply at all
    api_pace pace;
};

class api {
  public:
    virtual ~api() = default;

    /// Suspends while calls make no sense: the host is down (breaker), the credentials are refused, or this service is
    /// paused, or for a repeat because the retry budget is spent. Ask before taking permits or memory. A poll can only
    /// be held up by the host, the credentials and the budget. What cases of the bulk lane meet pauses a service for
    /// that lane alone, since old cases may be refused that nobody would drop now; what dropped cases meet, for both.
    /// Where one tries for all, dropped cases do before those of the bulk lane, first tries before repeats, and who has
    /// tried in vain after all others like it.
    [[nodiscard]] virtual async::awaitable<admission> admit(caller who) = 0;

    /// Whether admit() would not have to wait, neither for the API nor for who waits there already.
    [[nodiscard]] virtual bool admits(const caller& who) const = 0;

    /// The last step before the call, with all permits in hand: suspends until the pace that the API allows lets one
    /// more go, uploads and polls alternately, and of each those that are `behind` last. True: call now. False: the
    /// host, the credentials or the service changed meanwhile, so admit() has to be asked again (not for a probe, which
    /// is let through on purpose). Throws operation_aborted when cancelled.
    [[nodiscard]] virtual async::awaitable<bool> turn(caller who, admission& leave, async::urgency urgency) = 0;

    /// Uploads one case. Actions: accept (task_id is set), fail, retry (certain that nothing was accepted),
    /// unknown_outcome. 401 is dealt with inside: refresh, replay once. Honours cancellation of the caller.
    [[nodiscard]] virtual async::awaitable<api_reply> submit(const submission& what, admission leave) = 0;

    /// Asks for a task once. Actions: accept (body is a 200's), fail, retry, not_yet.
    [[nodiscard]] virtual async::awaitable<api_reply> poll(poll_question what, admission leave) = 0;

    /// A case that was submitted has ended. `code`: how, when that blames the service (blames_service(),
    /// is_vendor_fault()), else empty. `era`: as its last submit's reply said; 0 when an earlier process sent it. Too
    /// many of one code pause the service: what all cases end with is not worth paying for.
    virtual void ended(const kyc::service& target, kyc::lane lane, std::uint32_t era, std::string_view code) = 0;

    /// Logs in, to see whether the credentials are good (`check`, start). Empty: they are. Else why not.
    struct login_outcome {
        bool reachable = false;
        bool accepted = false;
        std::string what;
    };

    [[nodiscard]] virtual async::awaitable<login_outcome> login() = 0;

    [[nodiscard]] virtual api_health health() const = 0;
};

} // namespace kyc::progeny
