#pragma once
// A TCP connection to where the TLS server is: direct, or through a proxy's tunnel.

#include "async/awaitable.hpp"
#include "core/transport.hpp"
#include "net/deadline.hpp"
#include "net/proxy.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace kyc::net {

/// A time limit of its own, and the end of the request that it is part of.
struct step_limit {
    step_limit(std::chrono::milliseconds step_, deadline::clock::time_point end_) : step(step_), end(end_) {}

    std::chrono::milliseconds step;
    deadline::clock::time_point end;

    [[nodiscard]] deadline::clock::time_point from_now() const { return std::min(deadline::clock::now() + step, end); }

    [[nodiscard]] std::chrono::milliseconds left() const {
        const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(from_now() - deadline::clock::now());
        return std::max(time, std::chrono::milliseconds(0));
    }
};

/// Tries the addresses in their order, all of them within the step's limit. Where others follow, an address first gets
/// a second at most, so that one which swallows what is sent to it does not cost the whole limit each time; those that
/// did not answer share what is left in a second round. (RFC 8305 would try them side by side.) On success the socket
/// is connected (see its remote_endpoint) and has the options of prepare_socket(). Throws operation_aborted when
/// cancelled.
[[nodiscard]] async::awaitable<std::optional<transport_error>>
connect_to_any(boost::asio::ip::tcp::socket& socket, deadline& watch,
               const std::vector<boost::asio::ip::tcp::endpoint>& addresses, const std::string& name, step_limit limit);

/// What a connection that carries requests wants of the system: no delay of small pieces; little in the send buffer
/// that is not on its way yet, so that "sent" stays close to what left, and a stalled upload is known not to have left
/// as a whole; and probes while nothing moves, so that a peer that vanished without a word is noticed after 25 s, in
/// most cases before the next request is written into the void. There is no TCP_USER_TIMEOUT: api.timeouts.idle ends a
/// stalled request anyway, and what it came to would be as unknown.
void prepare_socket(boost::asio::ip::tcp::socket& socket);

/// Asks the proxy on the other end for a tunnel to `target` ("host:port"). Reads the proxy's reply and not one byte
/// more.
[[nodiscard]] async::awaitable<std::optional<transport_error>>
open_tunnel(boost::asio::ip::tcp::socket& socket, deadline& watch, const proxy_address& proxy,
            const std::string& target, const std::string& user_agent, step_limit limit);

/// Throws operation_aborted when `error` is a cancellation that the deadline did not cause; true when the deadline did.
[[nodiscard]] bool timed_out(const boost::system::error_code& error, const deadline& watch);

} // namespace kyc::net
