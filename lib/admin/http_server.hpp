#pragma once
// The admin page's web server: a few read-only pages and a stream of events, for people and for Prometheus.

#include "async/awaitable.hpp"
#include "core/listen_address.hpp"
#include "core/secret.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace kyc::async {
class blocking_pool;
}

namespace kyc::admin {

/// What is at a path. The page's own files (page_files.hpp) need none.
struct route {
    /// A reply's status, content type and text.
    struct page {
        int status = 200;
        std::string content_type;
        std::string text;
    };

    std::string path; ///< "/metrics"

    /// Called for each request, on the loop's thread: may not block, or throw. None: see `prepare`.
    std::function<page()> make{};

    /// For a page that takes longer to make: called on the loop's thread, and what it returns makes the page on the
    /// pool. May not throw either.
    std::function<std::function<page()>()> prepare{};
};

/// What the streams at /events are told, at once and then again and again.
struct event_source {
    std::string name;
    std::chrono::milliseconds every{1'000};
    std::function<std::string()> make; ///< JSON; called once for all streams, and only while there are any
};

/// What is offered.
struct http_offer {
    std::vector<route> routes{};
    std::vector<event_source> events{};
};

/// Where, and for whom.
struct http_access {
    std::optional<listen_address> where{}; ///< none: off
    std::optional<gid_t> group{};          ///< may use the unix socket, too
    std::optional<secret> token{};         ///< asked for, if there is one
};

/// Bounds of what strangers can make the server hold.
struct http_limits {
    std::size_t connections = 64; ///< at a time; past it the one that is idle for longest is closed
    std::size_t streams = 16;     ///< at a time; past it a stream is refused with 503
    std::size_t head_bytes = 8192;
    std::chrono::milliseconds head{10'000};  ///< from the first byte of a request to the end of its head
    std::chrono::milliseconds reply{30'000}; ///< until a reply has been taken
    std::chrono::milliseconds event{10'000}; ///< until an event has been taken: who does not read is hung up on
    std::chrono::milliseconds idle{60'000};  ///< between two requests
    std::chrono::milliseconds retry{10'000}; ///< between two tries to listen
};

/// What becomes of the listening: told once for each change.
struct http_news {
    bool listening = false;
    listen_address where{}; ///< with the port that was chosen for 0
    std::string why{};      ///< not listening: what is in the way
};

/// Loop's thread only.
class http_server {
  public:
    virtual ~http_server() = default;

    /// Listens and answers until it is cancelled; an address that cannot be had is tried again and again.
    [[nodiscard]] virtual async::awaitable<void> serve() = 0;

    /// From now on there and for those. What was begun under other rules ends.
    virtual void change(http_access access) = 0;

    /// Ends what serve() began. Join before it is destroyed.
    [[nodiscard]] virtual async::awaitable<void> stop() = 0;

    struct statistics {
        std::size_t connections = 0; ///< now
        std::size_t streams = 0;     ///< now
        std::uint64_t accepted = 0;
        std::uint64_t requests = 0;
        std::uint64_t refused =
            0; ///< requests that were not served: no token, a wrong host, a bad request, no such path
        std::uint64_t dropped = 0; ///< connections that were closed for others, or because they did not read
    };

    [[nodiscard]] virtual statistics counted() const = 0;
};

/// `pool` opens sockets (a name may have to be looked up) and makes large pages, and outlives the server; `tell` may
/// not throw.
[[nodiscard]] std::unique_ptr<http_server> make_http_server(const boost::asio::any_io_executor& loop,
                                                            async::blocking_pool& pool, http_offer offer,
                                                            http_access access, http_limits limits,
                                                            std::function<void(const http_news&)> tell);

} // namespace kyc::admin
