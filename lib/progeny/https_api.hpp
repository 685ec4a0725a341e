#pragma once
// The Progeny API over HTTPS: who may call when, with which token, and what a reply came to.

#include "core/pacing.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/settings.hpp"
#include "core/token_state.hpp"
#include "net/http_client.hpp"
#include "progeny/api.hpp"
#include "progeny/call_counts.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace kyc::progeny {

/// What a login needs.
struct credentials {
    secret username;
    secret password;
};

/// A change of state worth a log line: one notice per change, not one per call.
struct notice {
    enum class kind {
        token_renewed, ///< a refresh or a login brought a new pair
        no_token,      ///< the API gives none, for other reasons than credentials or its being down; all calls wait
        token_again,   ///< they go on
        credentials_refused,  ///< all calls wait
        credentials_accepted, ///< they go on
        host_down,            ///< the breaker opened: all calls wait but a probe now and then
        host_up,
        service_paused, ///< one service's submits wait but a probe now and then
        service_resumed,
        repeats_held_back, ///< the retry budget is spent: what failed before is tried one at a time
        repeats_allowed,
        paced, ///< calls go evenly from now on, for the API refuses more
        unpaced,
    };
    kind what = kind::token_renewed;
    std::string message; ///< one sentence, no secret
};

/// How the API is talked to.
struct api_options {
    std::string base_path = "/api/v3"; ///< the path of api.base_url, no trailing slash
    retry_settings retry;
    std::function<result<credentials, std::string>()>
        read_credentials;                      ///< read anew at each login; the error says why not
    random_unit random;                        ///< jitter; empty: a generator of its own
    std::function<void(const notice&)> notify; ///< may be empty; may not throw
    login_backoff login;
    std::chrono::milliseconds service_probe{60'000};          ///< first probe of a paused service
    std::chrono::milliseconds service_probe_max{15 * 60'000}; ///< longest time between probes
};

/// Loop's thread only. Before it is destroyed: no call may be running, and stop() must have returned.
class https_api : public api {
  public:
    /// Perhaps new credentials, or a cause that was mended (SIGHUP): a refused login is tried again at once, and so are
    /// a paused service and a host that is down. Not the API's 429: it named a time.
    virtual void try_again() = 0;

    /// New retry rules (SIGHUP).
    virtual void set_retry(const retry_settings& rules) = 0;

    /// How many uploads and polls make sense at a time.
    using limits_function = std::function<void(std::size_t uploads, std::size_t polls)>;

    /// The most uploads and polls at a time (start, SIGHUP). `changed` is told at once, and whenever the API's answers
    /// teach that fewer, or more again, make sense; it may not call the api.
    virtual void adapt_within(std::size_t uploads, std::size_t polls, limits_function changed) = 0;

    /// What all calls came to so far.
    [[nodiscard]] virtual const call_counts& counted() const = 0;

    /// How old the access token is; none: there is none that is good.
    [[nodiscard]] virtual std::optional<std::chrono::milliseconds> token_age() const = 0;

    /// Ends a token renewal that runs in the background and joins it. Calls made afterwards get no new token.
    [[nodiscard]] virtual async::awaitable<void> stop() = 0;
};

/// `client` must outlive the api.
[[nodiscard]] std::unique_ptr<https_api> make_https_api(const boost::asio::any_io_executor& executor,
                                                        net::http_client& client, api_options options);

} // namespace kyc::progeny
