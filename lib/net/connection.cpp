#include "net/connection.hpp"

#include "net/body_feed.hpp"
#include "net/dial.hpp"
#include "net/tls_errors.hpp"
#include "net/tls_stream.hpp"
#include "net/url.hpp"

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sys/socket.h>
#include <utility>

namespace kyc::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using clock = deadline::clock;
using reply_parser = http::response_parser<http::string_body>;

constexpr std::uint32_t header_limit = 64 * 1024;
constexpr std::size_t largest_record = 16 * 1024; // what the peer may put into one (RFC 8446, 5.1)
constexpr std::uint64_t body_limit = 8 * 1024 * 1024;
constexpr int interim_replies_limit = 16;

/// Under the 75 s after which nginx closes an idle connection.
constexpr std::chrono::milliseconds longest_patience{50'000};

/// Sent in one system call. Four make it a small part of an upload's cost; more would fill the caches in vain.
constexpr int records_at_a_time = 4;

/// How long a reply may still take to come out of a connection that no longer takes the request.
constexpr auto early_reply_grace = std::chrono::seconds(1);

std::string seconds_text(std::chrono::milliseconds time) {
    return time.count() % 1000 == 0 ? std::to_string(time.count() / 1000) + " s" : std::to_string(time.count()) + " ms";
}

// "timeout=5, max=100": how long we may keep it, with a second for the way.
std::chrono::milliseconds announced_patience(std::string_view keep_alive) {
    const auto at = keep_alive.find("timeout=");
    if (at == keep_alive.npos) return longest_patience;
    const auto digits = keep_alive.substr(at + 8);
    std::uint32_t seconds = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error != std::errc()) return longest_patience;
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds == 0 ? 0 : seconds - 1), longest_patience);
}

/// The stall limit of a reply: its first byte within `idle`, and from then on 4 KiB more, or the end, within each
/// `idle` that follows. Without it a byte now and then would hold the connection until the end of the whole request. A
/// request has the like: each record of 16 KiB has to be taken within `idle`.
class pace {
  public:
    pace(std::chrono::milliseconds idle, clock::time_point end) : limit_(idle, end), until_(limit_.from_now()) {}

    [[nodiscard]] clock::time_point until() const { return until_; }

    [[nodiscard]] bool begun() const { return begun_; }

    void moved(std::size_t bytes) {
        bytes_ += bytes;
        if (std::exchange(begun_, true) && bytes_ < least) return;
        bytes_ = 0;
        until_ = limit_.from_now();
    }

  private:
    static constexpr std::size_t least = 4 * 1024;

    step_limit limit_;
    clock::time_point until_;
    std::size_t bytes_ = 0; ///< since the period began
    bool begun_ = false;
};

http_response to_response(http::response<http::string_body>&& message) {
    http_response reply;
    reply.status = static_cast<int>(message.result_int());
    reply.content_type = std::string(message[http::field::content_type]);
    const auto optional = [&](http::field name) -> std::optional<std::string> {
        const auto found = message.find(name);
        if (found == message.end()) return std::nullopt;
        return std::string(found->value());
    };
    reply.retry_after = optional(http::field::retry_after);
    reply.location = optional(http::field::location);
    reply.date = optional(http::field::date);
    if (const auto coding = optional(http::field::content_encoding)) {
        if (!boost::beast::iequals(*coding, "identity")) reply.coding = *coding;
    }
    reply.body = std::move(message.body());
    return reply;
}

class tls_connection final : public connection {
  public:
    tls_connection(const asio::any_io_executor& executor, std::shared_ptr<const route> way, traffic& counted)
        : way_(std::move(way)), counted_(counted), name_(to_authority(settings_.host, settings_.port)),
          stream_(executor, way_->tls->native_handle()), watch_(stream_.socket()) {}

    ~tls_connection() override {
        // Without this OpenSSL takes the closing for a truncation and forbids the session to be taken up again.
        if (secured_ && !broken_) SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }

    async::awaitable<opening> open(std::vector<asio::ip::tcp::endpoint> addresses, clock::time_point end) override {
        auto& socket = stream_.socket();
        const auto connect_name =
            way_->proxy ? "the proxy " + to_authority(way_->proxy->host, way_->proxy->port) : name_;
        const step_limit connect_limit(settings_.timeouts.connect, end);
        auto problem = co_await connect_to_any(socket, watch_, addresses, connect_name, connect_limit);
        if (problem) co_return opening(std::move(problem), std::nullopt);
        ++counted_.connections;
        error_code ignored;
        const auto reached = socket.remote_endpoint(ignored);
        if (way_->proxy)
            problem = co_await open_tunnel(socket, watch_, *way_->proxy, name_, settings_.user_agent, connect_limit);
        if (!problem) problem = co_await handshake(end);
        co_return opening(std::move(problem), reached);
    }

    void give_up() override { watch_.give_up(); }

    async::awaitable<exchange> carry(std::string_view head, const std::vector<asio::const_buffer>& body,
                                     clock::time_point end) override {
        reusable_ = false;
        reply_begun_ = false;
        const bool kept = std::exchange(used_, true);
        first_ = !kept;
        auto progress = sent::nothing;
        auto write_problem = co_await write(head, body, end, progress);
        if (!write_problem) {
            auto reply = co_await read(end, settings_.timeouts.idle, progress);
            watch_.disarm();
            co_return exchange(std::move(reply), reply_begun_);
        }
        // A server that has read enough answers (401, 413) and closes; the answer explains the write error. What a kept
        // connection says before it took anything is about its own end, not about this request.
        broken_ = true;
        const bool hopeless = write_problem->problem == transport_problem::tls || (kept && progress == sent::nothing);
        if (!hopeless) {
            const auto grace = std::chrono::duration_cast<std::chrono::milliseconds>(early_reply_grace);
            auto reply = co_await read(clock::now() + grace, grace, progress);
            reusable_ = false;
            if (reply) reply->body_sent = progress;
            // An alert, too, says more about what happened than the reset that followed it.
            if (reply || reply.error().problem == transport_problem::reply_too_large ||
                reply.error().problem == transport_problem::tls)
                co_return exchange(std::move(reply), true);
        }
        watch_.disarm();
        co_return exchange(std::move(*write_problem), reply_begun_);
    }

    bool reusable() override {
        if (!reusable_ || broken_) return false;
        // Whatever can be read now is the server's goodbye (end of file, close_notify, a 408), or makes no sense.
        char byte = 0;
        const auto seen = ::recv(stream_.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        return seen < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    std::chrono::milliseconds patience() const override { return patience_; }

  private:
    async::awaitable<std::optional<transport_error>> handshake(clock::time_point end) {
        SSL* native = stream_.native_handle();
        if (!way_->tls->prepare(native, settings_.host)) {
            ERR_clear_error();
            co_return transport_error(transport_problem::tls, sent::nothing,
                                      "the name " + settings_.host + " cannot stand in a TLS handshake");
        }
        SSL_set_app_data(native, this);
        SSL_set_verify(native, SSL_VERIFY_PEER, explain_verification);
        SSL_set_cert_cb(native, note_certificate_request, &certificate_requested_);
        watch_.arm(step_limit(settings_.timeouts.handshake, end).from_now());
        const auto error = co_await stream_.handshake();
        if (timed_out(error, watch_))
            co_return transport_error(transport_problem::timeout, sent::nothing,
                                      "the TLS handshake with " + name_ + " took longer than " +
                                          seconds_text(settings_.timeouts.handshake));
        if (error) {
            const auto why =
                verification_.empty() ? handshake_text(error, proof()) : "certificate verify failed: " + verification_;
            const bool about_tls = error.category() != asio::error::get_system_category();
            co_return transport_error(about_tls ? transport_problem::tls : transport_problem::reset, sent::nothing,
                                      "TLS with " + name_ + ": " + why);
        }
        watch_.disarm();
        secured_ = true;
        ++counted_.handshakes;
        if (SSL_session_reused(native) == 1) ++counted_.resumed;
        co_return std::nullopt;
    }

    static int note_certificate_request(SSL*, void* requested) {
        *static_cast<bool*>(requested) = true;
        return 1;
    }

    [[nodiscard]] client_proof proof() const {
        if (!certificate_requested_) return client_proof::not_asked;
        return settings_.client_certificate_pem.empty() ? client_proof::missing : client_proof::shown;
    }

    static int explain_verification(int good, X509_STORE_CTX* context) {
        const auto* native =
            static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
        auto& verification = static_cast<tls_connection*>(SSL_get_app_data(native))->verification_;
        if (good == 0 && verification.empty()) verification = verification_text(context);
        return good;
    }

    /// Bytes of the request that are encrypted now; 0 at its end.
    boost::system::result<std::uint64_t> seal_some(body_feed& feed) {
        body_feed::room room;
        std::uint64_t sealed = 0;
        for (int records = 0; records < records_at_a_time; ++records) {
            const auto piece = feed.next(room);
            if (piece.size() == 0) break;
            if (const auto error = stream_.seal(piece)) return error;
            sealed += piece.size();
        }
        return sealed;
    }

    async::awaitable<std::optional<transport_error>>
    write(std::string_view head, const std::vector<asio::const_buffer>& body, clock::time_point end, sent& progress) {
        body_feed feed(head, body);
        std::uint64_t written = 0;
        const std::uint64_t head_size = head.size();
        for (;;) {
            const auto sealed = seal_some(feed);
            if (!sealed) co_return failed(sealed.error(), end, settings_.timeouts.idle, progress, "while sending");
            if (*sealed == 0) break;
            const auto before = written;
            written += *sealed;
            while (stream_.unsent() != 0) {
                watch_.arm(step_limit(settings_.timeouts.idle, end).from_now());
                const auto [error, count] = co_await stream_.send_some();
                if (count != 0) progress = sent::part;
                if (error) co_return failed(error, end, settings_.timeouts.idle, progress, "while sending");
            }
            counted_.bytes_sent += std::max(written, head_size) - std::max(before, head_size);
        }
        progress = sent::all;
        co_return std::nullopt;
    }

    async::awaitable<result<http_response, transport_error>> read(clock::time_point end, std::chrono::milliseconds idle,
                                                                  sent progress) {
        for (int replies = 0; replies < interim_replies_limit; ++replies) {
            reply_parser parser;
            parser.eager(true);
            parser.header_limit(header_limit);
            parser.body_limit(body_limit);
            if (auto problem = co_await read_one(parser, end, idle, progress)) co_return std::move(*problem);
            const bool ended_by_close = parser.need_eof();
            const bool keep = parser.keep_alive() && !ended_by_close;
            auto message = parser.release();
            const auto keep_alive = message.find("Keep-Alive");
            if (keep_alive != message.end()) patience_ = announced_patience(keep_alive->value());
            if (message.result_int() / 100 == 1 && message.result_int() != 101) continue;
            if (message.result_int() < 200) break;
            reusable_ = keep && buffer_.size() == 0 && stream_.is_drained();
            co_return to_response(std::move(message));
        }
        broken_ = true;
        co_return transport_error(transport_problem::bad_reply, progress, name_ + " never came to the reply itself");
    }

    async::awaitable<std::optional<transport_error>> read_one(reply_parser& parser, clock::time_point end,
                                                              std::chrono::milliseconds idle, sent progress) {
        pace expected(idle, end);
        while (true) {
            while (buffer_.size() != 0 && !parser.is_done()) {
                error_code error;
                const auto taken = parser.put(buffer_.data(), error);
                buffer_.consume(taken);
                if (error == http::error::need_more) break;
                if (error) co_return unreadable(error, progress);
                if (taken == 0) break;
            }
            if (parser.is_done()) co_return std::nullopt;
            // The parser does not limit what may stand beside a chunk's length and behind the last chunk.
            if (buffer_.size() > header_limit) co_return unreadable(http::error::header_limit, progress);
            watch_.arm(expected.until());
            const auto space = buffer_.prepare(largest_record);
            const auto [error, count] = co_await stream_.read_some(space);
            if (!error) {
                buffer_.commit(count);
                counted_.bytes_received += count;
                expected.moved(count);
                reply_begun_ = reply_begun_ || count != 0;
                continue;
            }
            const bool closed = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
            if (!closed) {
                auto problem = failed(error, end, idle, progress, "while waiting for the reply");
                if (expected.begun() && problem.problem == transport_problem::timeout && clock::now() < end)
                    problem.message = "less than 4 KiB of the reply of " + name_ + " came within " + seconds_text(idle);
                co_return problem;
            }
            broken_ = broken_ || error != asio::error::eof;
            if (!reply_begun_)
                co_return transport_error(transport_problem::reset, progress,
                                          name_ + " closed the connection without a reply");
            if (!parser.is_header_done() || !parser.need_eof())
                co_return transport_error(transport_problem::reset, progress,
                                          name_ + " closed the connection in the middle of its reply");
            // Without a length only TLS's own goodbye tells the end of a reply from a cut.
            if (error != asio::error::eof)
                co_return transport_error(
                    transport_problem::bad_reply, progress,
                    name_ + " sent a reply without a length and ended it without close_notify: it may be cut");
            error_code end_error;
            parser.put_eof(end_error);
            if (end_error) co_return unreadable(end_error, progress);
        }
    }

    transport_error unreadable(const error_code& error, sent progress) {
        broken_ = true;
        if (error == http::error::body_limit || error == http::error::header_limit)
            return {transport_problem::reply_too_large, progress,
                    "the reply of " + name_ + " is over 8 MiB or has over 64 KiB of headers"};
        return {transport_problem::bad_reply, progress, "the reply of " + name_ + " is not HTTP: " + error.message()};
    }

    transport_error failed(const error_code& error, clock::time_point end, std::chrono::milliseconds idle,
                           sent progress, const std::string& doing) {
        broken_ = true;
        if (timed_out(error, watch_)) {
            if (clock::now() >= end)
                return {transport_problem::timeout, progress,
                        "the request to " + name_ + " took longer than " + seconds_text(settings_.timeouts.request) +
                            " and ended " + doing};
            return {transport_problem::timeout, progress,
                    "nothing moved on the connection to " + name_ + " for " + seconds_text(idle) + " " + doing};
        }
        // Only the first request can have been written before the server had judged our side of the handshake.
        if (first_ && !reply_begun_ && refuses_the_handshake(error))
            return {transport_problem::tls, progress == sent::all ? sent::part : progress,
                    name_ + " refused the TLS handshake: " + handshake_text(error, proof())};
        const bool about_tls = error.category() == asio::error::get_ssl_category();
        return {about_tls ? transport_problem::tls : transport_problem::reset, progress,
                "the connection to " + name_ + " broke " + doing + ": " + error.message()};
    }

    std::shared_ptr<const route> way_; ///< first: all else is made of it
    const http_client_settings& settings_ = way_->settings;
    traffic& counted_;
    std::string name_;
    tls_stream stream_;
    deadline watch_; ///< before the stream in destruction
    boost::beast::flat_buffer buffer_;
    std::string verification_; ///< why the certificate was not taken
    std::chrono::milliseconds patience_ = longest_patience;
    bool secured_ = false;
    bool broken_ = false;                ///< something went wrong on the connection itself
    bool certificate_requested_ = false; ///< the server asked for a client certificate
    bool used_ = false;
    bool first_ = true; ///< this is its first request
    bool reply_begun_ = false;
    bool reusable_ = false;
};

} // namespace

std::unique_ptr<connection> make_connection(const asio::any_io_executor& executor, std::shared_ptr<const route> way,
                                            traffic& counted) {
    return std::make_unique<tls_connection>(executor, std::move(way), counted);
}

} // namespace kyc::net
