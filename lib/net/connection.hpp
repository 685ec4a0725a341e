#pragma once
// One TLS connection that carries one request after another. The only place that knows Beast and TLS streams.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "net/deadline.hpp"
#include "net/http_client.hpp"
#include "net/openings.hpp"
#include "net/route.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace kyc::net {

/// What became of one request.
struct exchange {
    exchange(result<http_response, transport_error> reply_, bool reply_begun_)
        : reply(std::move(reply_)), reply_begun(reply_begun_) {}

    result<http_response, transport_error> reply;
    bool reply_begun; ///< at least one byte of a reply came
};

/// Destroying it closes it at once (no close_notify: HTTP tells itself where a message ends, and waiting helps nobody).
class connection {
  public:
    virtual ~connection() = default;

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

/// The connection shares `way` for as long as it lives; `statistics` must outlive it, and `under_way` the call. Once
/// those are given up the error is `cancelled`.
[[nodiscard]] async::awaitable<result<std::unique_ptr<connection>, transport_error>>
open_connection(const boost::asio::any_io_executor& executor, std::shared_ptr<route> way, http_statistics& statistics,
                openings& under_way, deadline::clock::time_point end);

} // namespace kyc::net
