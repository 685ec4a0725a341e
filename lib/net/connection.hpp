#pragma once
// One TLS connection that carries one request after another. The only place that knows Beast and TLS streams.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "net/deadline.hpp"
#include "net/http_client.hpp"
#include "net/route.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace kyc::net {

/// What all connections of a client have done so far (see http_statistics). Any thread.
struct traffic {
    std::atomic<std::uint64_t> connections = 0;
    std::atomic<std::uint64_t> handshakes = 0;
    std::atomic<std::uint64_t> resumed = 0;
    std::atomic<std::uint64_t> bytes_sent = 0;
    std::atomic<std::uint64_t> bytes_received = 0;
};

/// What became of opening a connection.
struct opening {
    opening(std::optional<transport_error> problem_, std::optional<boost::asio::ip::tcp::endpoint> reached_)
        : problem(std::move(problem_)), reached(std::move(reached_)) {}

    std::optional<transport_error> problem; ///< none: it can carry requests
    std::optional<boost::asio::ip::tcp::endpoint> reached;
};

/// What became of one request.
struct exchange {
    exchange(result<http_response, transport_error> reply_, bool reply_begun_)
        : reply(std::move(reply_)), reply_begun(reply_begun_) {}

    result<http_response, transport_error> reply;
    bool reply_begun; ///< at least one byte of a reply came
};

/// Its coroutines run on its executor. Everything else that touches it while none of them runs is in order from any
/// thread, but for the destructor, which belongs on the executor's: it closes the connection at once (no close_notify:
/// HTTP tells itself where a message ends, and waiting helps nobody).
class connection {
  public:
    virtual ~connection() = default;

    /// TCP to one of the addresses, the proxy's tunnel, TLS. Once, and before everything else. Throws operation_aborted
    /// when cancelled.
    [[nodiscard]] virtual async::awaitable<opening> open(std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                                         deadline::clock::time_point end) = 0;

    /// What open() waits for has failed. Any thread, also while it runs.
    virtual void give_up() = 0;

    /// Sends a request and reads the reply, all of it before `end`. Throws operation_aborted when cancelled; then, and
    /// after an error, the connection is of no further use.
    [[nodiscard]] virtual async::awaitable<exchange> carry(std::string_view head,
                                                           const std::vector<boost::asio::const_buffer>& body,
                                                           deadline::clock::time_point end) = 0;

    /// May carry another request: the reply ended cleanly, nothing lies unread, and the server has not closed by now.
    [[nodiscard]] virtual bool reusable() = 0;

    /// How long it may lie idle: 50 s, or less when the server announces that it will wait less (Keep-Alive: timeout=).
    [[nodiscard]] virtual std::chrono::milliseconds patience() const = 0;
};

/// It shares `way` for as long as it lives; `counted` must outlive it.
[[nodiscard]] std::unique_ptr<connection> make_connection(const boost::asio::any_io_executor& executor,
                                                          std::shared_ptr<const route> way, traffic& counted);

} // namespace kyc::net
