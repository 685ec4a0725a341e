#pragma once
// Rules that make the API misbehave on purpose: which requests, which of them, and what happens instead.

#include "sandbox/call.hpp"
#include "sandbox/http_message.hpp"
#include "sandbox/settings.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace kyc::sandbox {

struct rule_match {
    std::optional<call_kind> kind;
    std::string service;
    std::string method;
    std::string path;     ///< whole, or a prefix that ends in *
    std::string contains; ///< bytes that occur in the body
    // Which of the requests that fit the lines above; the first that is set counts.
    std::uint64_t nth = 0;
    std::uint64_t first = 0;
    std::uint64_t after = 0; ///< all but the first so many
    std::uint64_t every = 0;
    std::optional<double> probability;
    std::uint64_t seed = 1;
};

struct rule_action {
    enum class kind {
        normal, ///< the true reply (after `delay`)
        answer, ///< `reply` instead
        drop,
        cut,
        slow,
        hang,
        wrong_length,
        no_length,
        close_after,
        refuse_login,
        user_inactive,
        throttle,
        task_answer, ///< what the task of this submission answers, whatever its markers say
    };
    kind what = kind::normal;
    bool early = false;  ///< before the body is read
    bool accept = false; ///< the request is carried out and billed all the same
    std::chrono::milliseconds delay{0};
    std::chrono::milliseconds time{0}; ///< slow: for the whole reply; hang: until the connection is dropped
    long long length_error = 0;
    sandbox::reply reply;
    std::string task_answer;
    std::uint64_t throttle_count = 0;
    std::chrono::milliseconds throttle_period{0};
    bool retry_after = true;
    bool throttle_html = false;
};

struct rule {
    std::string name;
    rule_match match;
    rule_action action;
    std::uint64_t matched = 0; ///< requests that fitted, whether or not it was their turn
    std::uint64_t fired = 0;
    std::mt19937_64 random{1};     // NOLINT(cert-msc51-cpp): chosen by `seed`
    std::deque<time_point> recent; ///< throttle: the calls of the last period
};

/// The rules in their order. Each rule sees a request at most once.
class scenario {
  public:
    scenario() = default;

    explicit scenario(std::vector<rule> rules) : rules_(std::move(rules)) {}

    /// The first rule whose turn it is; nullptr when the request goes its normal way. Rules with `early` are asked
    /// before the body is read (`early` true), all others after it. A throttle that still has room lets the next rules
    /// see the request.
    [[nodiscard]] const rule* pick(const request& asked, const call& of, bool early, time_point now);

    /// The 429 of the throttle rule that pick() returned.
    [[nodiscard]] static reply throttled(const rule& fired, time_point now);

    [[nodiscard]] const std::vector<rule>& rules() const { return rules_; }

  private:
    std::vector<rule> rules_;
};

} // namespace kyc::sandbox
