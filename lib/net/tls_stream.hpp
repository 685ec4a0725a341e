#pragma once
// The client's end of TLS over a TCP socket, made for uploads: records are encrypted one after the other into one piece
// of memory, which leaves in one system call. (Asio's stream sends each record by itself, through a pair of buffers.)

#include "async/awaitable.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <memory>
#include <tuple>
#include <vector>

struct ssl_st;
struct ssl_ctx_st;
struct bio_st;

namespace kyc::net {

/// One operation at a time. What waits ends with operation_aborted when the socket's operations are cancelled, or the
/// calling coroutine is; after any error the stream is of no further use but for reading what the peer had sent. The
/// executor's thread only, never moved.
class tls_stream {
  public:
    using error_code = boost::system::error_code;

    /// What an operation came to: an error, and the bytes that moved all the same.
    using outcome = std::tuple<error_code, std::size_t>;

    /// Throws std::bad_alloc. The context need not outlive the stream.
    tls_stream(const boost::asio::any_io_executor& executor, ssl_ctx_st* context);
    ~tls_stream();
    tls_stream(const tls_stream&) = delete;
    tls_stream& operator=(const tls_stream&) = delete;

    /// To be connected before handshake().
    [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return socket_; }

    /// For what has to be set up, or asked, at OpenSSL.
    [[nodiscard]] ssl_st* native_handle() const { return ssl_.get(); }

    [[nodiscard]] async::awaitable<error_code> handshake();

    /// Encrypts; nothing leaves before send_some(). At most a record's worth at a time (body_feed::record).
    [[nodiscard]] error_code seal(boost::asio::const_buffer plain);

    /// Bytes, as records, that have not left.
    [[nodiscard]] std::size_t unsent() const { return outgoing_.size() - gone_; }

    /// Hands over to the system as much of it as that takes at once; waits until it takes some.
    [[nodiscard]] async::awaitable<outcome> send_some();

    /// Waits for at least one byte. `eof` when the peer has said goodbye (close_notify), stream_truncated when it has
    /// closed the connection without.
    [[nodiscard]] async::awaitable<outcome> read_some(boost::asio::mutable_buffer into);

    /// Nothing that was received waits to be read.
    [[nodiscard]] bool is_drained() const;

  private:
    friend struct outgoing_bio;

    struct ssl_deleter {
        void operator()(ssl_st* ssl) const;
    };

    [[nodiscard]] error_code problem_of(int returned) const;
    void release_outgoing();

    boost::asio::ip::tcp::socket socket_;
    std::vector<unsigned char> outgoing_; ///< records; kept at its size while there are more to come
    std::size_t gone_ = 0;                ///< of those, bytes that the system has
    std::unique_ptr<ssl_st, ssl_deleter> ssl_;
};

} // namespace kyc::net
