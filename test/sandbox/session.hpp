#pragma once
// One connection: reads requests, lets the scenario interfere, writes replies. The only file that knows HTTP on a
// socket.

#include "async/awaitable.hpp"
#include "sandbox/world.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstdint>

namespace kyc::sandbox {

struct session_limits {
    std::uint64_t max_body = 20'000'000;
    std::uint64_t max_requests = 0; ///< per connection; 0: no limit
    std::chrono::milliseconds keepalive{75'000};
};

/// Serves the connection to its end; network trouble only ends it. `shared` and `tls` must outlive it.
[[nodiscard]] async::awaitable<void> serve(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& tls,
                                           world& shared, session_limits limits);

} // namespace kyc::sandbox
