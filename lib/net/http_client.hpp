#pragma once
// HTTPS to one host, with no idea of cases: the interface that hides Beast and OpenSSL.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"
#include "core/transport.hpp"

#include <boost/asio/buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc::net {

/// A request. The bytes behind `body` belong to the caller and must live until send() returned.
struct http_request {
    std::string method;                                       ///< "GET" or "POST"
    std::string target;                                       ///< path and query, e.g. "/api/v3/services/task/?id=…"
    std::vector<std::pair<std::string, std::string>> headers; ///< besides those that request_head() makes
    std::vector<boost::asio::const_buffer> body;              ///< sent with an exact Content-Length, never copied whole

    http_request() = default;

    http_request(std::string method_, std::string target_) : method(std::move(method_)), target(std::move(target_)) {}
};

/// A whole reply, at most 8 MiB.
struct http_response {
    int status = 0;
    std::string content_type;
    std::optional<std::string> retry_after; ///< the header as it came
    std::optional<std::string> location;
    std::optional<std::string> date;
    std::string coding; ///< Content-Encoding, e.g. "gzip": it was not asked for, and `body` is what came; else empty
    std::string body;
    sent body_sent = sent::all; ///< how much of the request had left when the reply came: a server may answer early
};

/// What the connections went through, for logs and the admin page.
struct http_statistics {
    std::uint64_t requests = 0;
    std::uint64_t connections = 0;    ///< TCP connections opened
    std::uint64_t handshakes = 0;     ///< TLS handshakes completed
    std::uint64_t resumed = 0;        ///< of those, by session resumption
    std::uint64_t bytes_sent = 0;     ///< request bodies
    std::uint64_t bytes_received = 0; ///< replies, as they were before TLS
    std::size_t open = 0;             ///< connections that are open now, or being opened
    std::size_t idle = 0;             ///< of those, connections in the pool
};

/// What a client needs to know.
struct http_client_settings {
    http_client_settings() = default; // no aggregate, see url

    std::string host; ///< also the name that the certificate must carry
    std::uint16_t port = 443;
    std::optional<std::filesystem::path> ca_file;
    std::string client_certificate_pem; ///< empty: none
    secret client_key_pem;
    std::optional<std::string> proxy; ///< "http://host:port" or with user:password@ ; none: direct
    timeout_settings timeouts;
    /// A POST, which may not be repeated, takes no connection that has lain idle for longer: servers of a common kind
    /// close theirs after 5 s without announcing it, and firewalls forget them. A GET is asked again if need be.
    std::chrono::milliseconds post_patience{4'000};
    std::size_t max_connections = 64; ///< past it a request waits for a connection
    /// That encrypt and send: the loop's, and beside it one less of its own. Connections stay where they were opened.
    std::size_t threads = 1;
    std::size_t worth_spreading = 16 * 1024; ///< bytes of a body; what is smaller stays on the loop's thread if it can
    std::string user_agent;
};

/// Keep-alive connections to one host and port. Loop's thread only, whatever threads do the work; calls may overlap,
/// each takes a connection of its own. Destroyed when none is under way any more.
class http_client {
  public:
    virtual ~http_client() = default;

    /// Sends one request and reads the reply. Redirects are never followed. A stale kept connection that dies before
    /// any byte of the request left is replaced in silence, and before any byte of the reply came when it is a GET;
    /// after that the error says how much was sent, and a reply that arrives while the body is still being written
    /// (401, 413) is returned as the reply. A compressed 2xx reply to a GET is a bad reply, that can be asked for
    /// again; one to a POST is returned as it came, because its status says that the server acted. Throws
    /// operation_aborted when the calling coroutine is cancelled; the connection is then closed.
    [[nodiscard]] virtual async::awaitable<result<http_response, transport_error>>
    send(const http_request& request) = 0;

    [[nodiscard]] virtual http_statistics statistics() const = 0;

    /// For requests that begin from now on: idle connections are closed, those in use are closed when their request,
    /// which goes on as it began, ends. Host, port, user agent and the numbers of connections and threads stay what
    /// they are. Fails, and changes nothing, as make_https_client() does.
    [[nodiscard]] virtual result<void, std::string> reconfigure(http_client_settings settings) = 0;

    /// For a stop: requests that wait for their connection to be opened, and those that would need a new one, end with
    /// `cancelled`, nothing of them sent. Those under way go on.
    virtual void stop_opening() = 0;

    /// Closes idle connections; those in use are closed when their request ends.
    virtual void close_idle() = 0;
};

/// Fails when the proxy, the CA file or the client certificate cannot be used, or there are no threads to be had; the
/// text says which and why.
[[nodiscard]] result<std::unique_ptr<http_client>, std::string>
make_https_client(const boost::asio::any_io_executor& executor, http_client_settings settings);

} // namespace kyc::net
