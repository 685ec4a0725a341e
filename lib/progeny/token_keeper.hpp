#pragma once
// Gets tokens: one renewal in flight for the whole process, whoever asked for it.

#include "async/task_group.hpp"
#include "progeny/gate.hpp"

#include <optional>
#include <string>

namespace kyc::progeny {

/// Loop's thread only. Join with stop() before it is destroyed. The references must outlive it.
class token_keeper {
  public:
    token_keeper(const boost::asio::any_io_executor& executor, net::http_client& client, const api_options& options,
                 gate& shared);

    /// Suspends until there is a token that lives long enough for an upload: true, it is in the gate's tokens.
    /// False: none now; gate::token_why says why. A caller that is cancelled does not stop the renewal.
    [[nodiscard]] async::awaitable<bool> ensure();

    /// Logs in anew whatever is held.
    [[nodiscard]] async::awaitable<api::login_outcome> login();

    /// A call that used this generation was refused twice: all calls pause.
    void replay_refused(std::string what);

    [[nodiscard]] async::awaitable<void> stop();

  private:
    enum class progress { done, log_in, later };

    void start();
    [[nodiscard]] async::awaitable<void> renew();
    [[nodiscard]] async::awaitable<progress> refresh();
    [[nodiscard]] async::awaitable<void> log_in();
    /// POSTs a token form. The outcome is told to the gate.
    struct exchanged;
    [[nodiscard]] async::awaitable<exchanged> post(std::string path, std::vector<std::pair<std::string, secret>> form,
                                                   std::string call);
    /// True when the body holds tokens; they are then in use.
    [[nodiscard]] bool take(const net::http_response& reply, const secret& old_refresh);
    void note_since();
    void trouble(const exchanged& outcome);
    void refuse(std::string what, bool by_call);

    net::http_client& client_;
    const api_options& options_;
    gate& gate_;
    std::size_t troubles_ = 0; ///< in a row
    bool said_no_token_ = false;
    api::login_outcome last_login_;
    bool stopping_ = false;
    async::task_group group_;
};

} // namespace kyc::progeny
