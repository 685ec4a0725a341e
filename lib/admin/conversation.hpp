#pragma once
// One connection to the admin page, from its first request to its end.

#include "admin/event_hub.hpp"
#include "admin/http_reply.hpp"
#include "admin/http_server.hpp"
#include "admin/request_rules.hpp"
#include "async/blocking_pool.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace kyc::admin {

/// What all connections share. Loop's thread only.
struct http_desk {
    async::blocking_pool& pool;
    const http_limits limits;
    const std::vector<route> routes;
    event_hub hub;
    access_rules rules;
    http_server::statistics count;
};

/// A connection. Always in a shared_ptr: its timer asks whether it is still there.
class conversation : public std::enable_shared_from_this<conversation> {
  public:
    using socket = boost::asio::generic::stream_protocol::socket;
    using clock = std::chrono::steady_clock;

    /// How far it is.
    enum class state { idle, reading, replying, streaming, ended };

    /// The desk outlives it.
    conversation(http_desk& desk, socket peer);

    /// Answers requests until either side has had enough.
    [[nodiscard]] async::awaitable<void> hold();

    /// Ends it where it is.
    void hang_up();

    [[nodiscard]] state now() const { return state_; }

    /// Since when it is in that state.
    [[nodiscard]] clock::time_point since() const { return since_; }

  private:
    struct buffers;

    void enter(state next, std::chrono::milliseconds limit);
    [[nodiscard]] async::awaitable<bool> answer_one(buffers& in);
    [[nodiscard]] async::awaitable<http_reply> reply_to(const request_head& asked);
    [[nodiscard]] async::awaitable<bool> send(const http_reply& reply, bool with_body, bool keep_alive);
    [[nodiscard]] async::awaitable<void> stream_events();
    [[nodiscard]] async::awaitable<void> part();

    http_desk& desk_;
    socket socket_;
    boost::asio::steady_timer timer_;
    std::uint64_t limits_set_ = 0; ///< tells a timer's handler that it belongs to an earlier limit
    state state_ = state::idle;
    clock::time_point since_ = clock::now();
};

} // namespace kyc::admin
