#include "sandbox/session.hpp"

#include "async/signal.hpp"
#include "sandbox/api.hpp"
#include "sandbox/control.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <algorithm>
#include <ctime>
#include <optional>

namespace kyc::sandbox {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using stream = beast::ssl_stream<beast::tcp_stream>;
using parser = http::request_parser<http::string_body>;

constexpr std::chrono::seconds stall_limit{60}; // nginx's client_body_timeout and send_timeout

std::string http_date() {
    const auto now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[64];
    const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return {text, size};
}

/// Counts the open connection while it lives.
class open_connection {
  public:
    explicit open_connection(statistics& numbers) : numbers_(numbers) {
        ++numbers_.connections;
        ++numbers_.open_connections;
    }

    ~open_connection() { --numbers_.open_connections; }

    open_connection(const open_connection&) = delete;
    open_connection& operator=(const open_connection&) = delete;

  private:
    statistics& numbers_;
};

request request_of(const parser& read) {
    const auto& message = read.get();
    request out;
    out.method = std::string(message.method_string());
    const std::string target(message.target());
    const auto question = target.find('?');
    out.path = target.substr(0, question);
    if (question != std::string::npos) out.query = target.substr(question + 1);
    for (const auto& field : message)
        out.headers.emplace_back(field.name_string(), field.value());
    out.has_length = read.content_length().has_value();
    return out;
}

class session {
  public:
    session(asio::ip::tcp::socket socket, asio::ssl::context& tls, world& shared, session_limits limits)
        : stream_(std::move(socket), tls), shared_(shared), limits_(limits) {}

    async::awaitable<void> run() {
        const open_connection counted(shared_.numbers);
        boost::system::error_code ignored;
        lowest().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
        lowest().expires_after(std::chrono::seconds(30));
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, async::as_result);
        if (error) {
            ++shared_.numbers.failed_handshakes;
            co_return;
        }
        ++shared_.numbers.handshakes;
        if (SSL_session_reused(stream_.native_handle()) == 1) ++shared_.numbers.resumed;
        bool more = true;
        while (more)
            more = co_await exchange();
        close();
    }

  private:
    beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

    /// Without TLS's farewell, as many servers do; OpenSSL must still be told that all is well, or the session could
    /// not be resumed.
    void close() {
        SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        lowest().close();
    }

    /// One request and its reply. False: the connection is to be closed.
    async::awaitable<bool> exchange() {
        parser read;
        read.header_limit(32 * 1024);
        read.body_limit(boost::none);
        lowest().expires_after(limits_.keepalive);
        const auto [error, size] = co_await http::async_read_header(stream_, buffer_, read, async::as_result);
        if (error) co_return false;
        ++served_;
        auto asked = request_of(read);
        keep_ = read.keep_alive() && (limits_.max_requests == 0 || served_ < limits_.max_requests);
        head_only_ = asked.method == "HEAD";
        if (is_control_path(asked.path)) {
            if (!co_await read_body(read, asked)) co_return false;
            const auto out = answer_control(shared_, asked);
            co_return co_await write(out);
        }
        const auto of = classify(asked.path);
        const running_request counted(shared_.numbers, of.kind);
        ++shared_.numbers.requests[std::string(name_of(of.kind))];

        if (const auto* early = shared_.script.pick(asked, of, true, now()); early != nullptr) {
            const auto action = early->action; // a copy: the script may be replaced while we wait
            keep_ = false;
            co_await perform_before_body(action);
            co_return false;
        }
        if (read.content_length().value_or(0) > limits_.max_body) {
            keep_ = false;
            const auto page = nginx_page(413);
            co_await write(page);
            co_return false; // with the body unread: whoever is still writing sees a reset
        }
        if (!co_await read_body(read, asked)) co_return false;
        co_return co_await answer(asked, of);
    }

    async::awaitable<bool> read_body(parser& read, request& asked) {
        read.body_limit(limits_.max_body);
        if (asked.header("Expect") && !read.is_done()) {
            const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            if (!co_await write_text(go_on)) co_return false;
        }
        while (!read.is_done()) {
            lowest().expires_after(stall_limit);
            const auto [error, size] = co_await http::async_read_some(stream_, buffer_, read, async::as_result);
            if (error == http::error::body_limit) {
                keep_ = false;
                const auto page = nginx_page(413);
                co_await write(page);
                co_return false;
            }
            if (error) co_return false;
        }
        body_ = std::move(read.get().body());
        asked.body = body_;
        shared_.numbers.body_bytes += body_.size();
        co_return true;
    }

    async::awaitable<void> perform_before_body(const rule_action& action) {
        if (action.delay.count() > 0) co_await pause(action.delay);
        if (action.what == rule_action::kind::answer)
            co_await write(action.reply);
        else if (action.what == rule_action::kind::hang)
            co_await pause(action.time);
    }

    async::awaitable<bool> answer(const request& asked, const call& of) {
        using kind = rule_action::kind;
        interference changes;
        rule_action action;
        if (const auto* fired = shared_.script.pick(asked, of, false, now()); fired != nullptr) {
            action = fired->action;
            if (action.what == kind::throttle) changes.throttled = scenario::throttled(*fired, now());
        }
        changes.refuse_login = action.what == kind::refuse_login;
        changes.user_inactive = action.what == kind::user_inactive;
        changes.task_answer = action.task_answer;
        const bool replaced = action.what == kind::answer || action.what == kind::drop || action.what == kind::hang;
        changes.reply_lost = replaced || action.what == kind::cut;

        std::optional<reply> out;
        if (!replaced || action.accept) out = answer_call(shared_, asked, of, changes, now());
        if (action.delay.count() > 0) co_await pause(action.delay);
        switch (action.what) {
        case kind::answer:
            co_return co_await write(action.reply);
        case kind::drop:
            co_return false;
        case kind::hang:
            co_await pause(action.time);
            co_return false;
        case kind::cut:
            co_return co_await write_cut(*out);
        case kind::slow:
            co_return co_await write_slowly(*out, action.time);
        case kind::wrong_length:
            co_return co_await write_misframed(*out, true, action.length_error);
        case kind::no_length:
            co_return co_await write_misframed(*out, false, 0);
        case kind::close_after:
            co_await write(*out);
            co_return false;
        case kind::normal:
        case kind::refuse_login:
        case kind::user_inactive:
        case kind::throttle:
        case kind::task_answer:
            break;
        }
        co_return co_await write(*out);
    }

    static time_point now() { return std::chrono::system_clock::now(); }

    async::awaitable<void> pause(std::chrono::milliseconds time) {
        lowest().expires_never();
        co_await async::sleep_for(time);
    }

    std::string head(const reply& out, const framing& how) {
        ++shared_.numbers.replies[out.status];
        return head_of(out, how, http_date());
    }

    async::awaitable<bool> write_text(const std::string& text) {
        lowest().expires_after(stall_limit);
        const auto [error, size] = co_await asio::async_write(stream_, asio::buffer(text), async::as_result);
        co_return !error;
    }

    /// The reply as it should be. False: the connection ends.
    async::awaitable<bool> write(const reply& out) {
        framing how;
        how.keep_alive = keep_;
        const auto text = head(out, how) + (head_only_ ? std::string{} : out.body);
        const bool written = co_await write_text(text);
        co_return written&& keep_;
    }

    async::awaitable<bool> write_cut(const reply& out) {
        framing how;
        how.keep_alive = keep_;
        const auto text = head(out, how) + out.body.substr(0, out.body.size() / 2);
        co_await write_text(text);
        co_return false;
    }

    async::awaitable<bool> write_slowly(const reply& out, std::chrono::milliseconds time) {
        constexpr std::size_t pieces = 20;
        framing how;
        how.keep_alive = keep_;
        const auto text = head(out, how) + (head_only_ ? std::string{} : out.body);
        const auto step = text.size() / pieces + 1;
        for (std::size_t at = 0; at < text.size(); at += step) {
            const auto piece = text.substr(at, step);
            if (!co_await write_text(piece)) co_return false;
            co_await pause(time / static_cast<long>(pieces));
        }
        co_return keep_;
    }

    async::awaitable<bool> write_misframed(const reply& out, bool with_length, long long error) {
        framing how;
        how.keep_alive = with_length && keep_;
        how.with_length = with_length;
        how.length_error = error;
        const auto text = head(out, how) + out.body;
        co_await write_text(text);
        co_return false;
    }

    stream stream_;
    world& shared_;
    session_limits limits_;
    beast::flat_buffer buffer_;
    std::string body_;
    std::uint64_t served_ = 0;
    bool keep_ = true;
    bool head_only_ = false;
};

} // namespace

async::awaitable<void> serve(asio::ip::tcp::socket socket, asio::ssl::context& tls, world& shared,
                             session_limits limits) {
    session one(std::move(socket), tls, shared, limits);
    co_await one.run();
}

} // namespace kyc::sandbox
