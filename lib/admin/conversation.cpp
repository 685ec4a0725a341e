#include "admin/conversation.hpp"

#include "admin/page_files.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace kyc::admin {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr const char* events_path = "/events";

/// What a client may still send after a reply that ends the connection: closing with that unread would take the reply
/// back (RFC 9112, section 9.6).
constexpr std::size_t most_left_unread = std::size_t{256} << 10;
constexpr std::chrono::milliseconds longest_parting{1'000};

std::string text_of(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

request_head head_of(const http::request_parser<http::empty_body>& parser) {
    const auto& message = parser.get();
    request_head head;
    head.method = text_of(message.method_string());
    head.target = text_of(message.target());
    head.version = static_cast<int>(message.version());
    for (const auto& field : message) {
        const auto value = text_of(field.value());
        if (field.name() == http::field::host) head.hosts.push_back(value);
        if (field.name() == http::field::authorization) head.authorizations.push_back(value);
        if (field.name() == http::field::if_none_match)
            head.if_none_match += (head.if_none_match.empty() ? "" : ",") + value;
    }
    head.has_body = parser.chunked() || parser.content_length().value_or(0) > 0;
    return head;
}

/// What to say to somebody who does not speak HTTP; none: the connection is gone.
std::optional<http_reply> complaint(const boost::system::error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return explanation(431, "The head of a request may have 8192 bytes.");
    if (error == http::error::bad_version) return explanation(505, "HTTP/1.1 is spoken here.");
    if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
    if (error.category() == http::make_error_code(http::error::bad_method).category())
        return explanation(400, "This is no HTTP request: " + error.message() + ".");
    return std::nullopt;
}

async::awaitable<route::page> make_page(async::blocking_pool& pool, const route& which) {
    if (which.make) co_return which.make();
    auto work = which.prepare();
    co_return co_await pool.run(std::move(work));
}

} // namespace

struct conversation::buffers {
    boost::beast::flat_buffer unread;

    explicit buffers(std::size_t head_bytes) : unread(2 * head_bytes) {}
};

conversation::conversation(http_desk& desk, socket peer)
    : desk_(desk), socket_(std::move(peer)), timer_(socket_.get_executor()) {
    // So that a reader who does not read is noticed soon, and costs the kernel little.
    boost::system::error_code ignored;
    socket_.set_option(asio::socket_base::send_buffer_size(64 << 10), ignored);
}

void conversation::hang_up() {
    state_ = state::ended;
    boost::system::error_code ignored;
    socket_.close(ignored);
}

/// From now on in this state, and for no longer than `limit`.
void conversation::enter(state next, std::chrono::milliseconds limit) {
    if (state_ == state::ended) return; // whatever is begun now fails at once
    state_ = next;
    since_ = clock::now();
    const auto mine = ++limits_set_;
    timer_.expires_at(since_ + limit);
    timer_.async_wait([weak = weak_from_this(), mine](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self || self->limits_set_ != mine) return;
        if (self->state_ == state::replying || self->state_ == state::streaming) ++self->desk_.count.dropped;
        self->hang_up();
    });
}

async::awaitable<void> conversation::hold() {
    buffers in(desk_.limits.head_bytes);
    bool more = true;
    while (more)
        more = co_await answer_one(in);
    ++limits_set_;
    timer_.cancel();
    hang_up();
}

/// False: that was the last one.
async::awaitable<bool> conversation::answer_one(buffers& in) {
    if (in.unread.size() == 0) {
        enter(state::idle, desk_.limits.idle);
        const auto [gone] = co_await socket_.async_wait(socket::wait_read, async::as_result);
        if (gone) co_return false;
    }
    enter(state::reading, desk_.limits.head);
    http::request_parser<http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(desk_.limits.head_bytes));
    const auto [error, size] = co_await http::async_read_header(socket_, in.unread, parser, async::as_result);
    if (error) {
        const auto reply = complaint(error);
        if (!reply) co_return false;
        ++desk_.count.refused;
        const bool sent = co_await send(*reply, true, false);
        if (sent) co_await part();
        co_return false;
    }
    ++desk_.count.requests;
    const auto asked = head_of(parser);
    const bool with_body = asked.method != "HEAD";
    enter(state::replying, desk_.limits.reply); // a page that is made on the pool may stand in line there
    const auto reply = co_await reply_to(asked);
    if (reply.status >= 400 && reply.status != 503) ++desk_.count.refused;
    // Whoever sends a body, or does something else that is not done here, starts anew.
    const bool keep =
        parser.keep_alive() && !reply.endless && (reply.status < 400 || reply.status == 404 || reply.status == 503);
    const bool sent = co_await send(reply, with_body, keep);
    if (!sent) co_return false;
    if (reply.endless && with_body) {
        co_await stream_events();
        co_return false;
    }
    if (!keep) co_await part();
    co_return keep;
}

async::awaitable<http_reply> conversation::reply_to(const request_head& asked) {
    if (auto no = refuse(asked, desk_.rules)) {
        auto reply = explanation(no->status, std::move(no->why));
        reply.headers = std::move(no->headers);
        co_return reply;
    }
    const auto path = path_of(asked.target);
    for (const auto& each : desk_.routes) {
        if (each.path != path) continue;
        auto page = co_await make_page(desk_.pool, each);
        http_reply reply;
        reply.status = page.status;
        reply.content_type = std::move(page.content_type);
        reply.made = std::move(page.text);
        co_return reply;
    }
    for (const auto& each : page_files()) {
        if (each.path != path) continue;
        http_reply reply;
        reply.etag = each.etag;
        if (names_tag(asked.if_none_match, each.etag)) {
            reply.status = 304;
            co_return reply;
        }
        reply.content_type = each.content_type;
        reply.fixed = each.bytes;
        co_return reply;
    }
    if (path == events_path) {
        if (desk_.hub.readers() >= desk_.limits.streams) {
            auto reply = explanation(503, "So many pages are being kept up to date already; close one.");
            reply.headers = {"Retry-After: 10"};
            co_return reply;
        }
        http_reply reply;
        reply.content_type = "text/event-stream";
        reply.headers = {"X-Accel-Buffering: no"}; // a proxy must not hold events back
        reply.endless = true;
        co_return reply;
    }
    std::string all;
    for (const auto& each : page_files())
        all += " " + std::string(each.path);
    for (const auto& each : desk_.routes)
        all += " " + each.path;
    co_return explanation(404, "There is no such page. There are:" + all + " " + events_path);
}

/// False: the client is gone, or did not read.
async::awaitable<bool> conversation::send(const http_reply& reply, bool with_body, bool keep_alive) {
    enter(state::replying, desk_.limits.reply);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto head = admin::head_of(reply, keep_alive, now);
    const auto body = with_body ? reply.body() : std::string_view();
    const std::array<asio::const_buffer, 2> both{asio::buffer(head), asio::buffer(body)};
    const auto [error, size] = co_await asio::async_write(socket_, both, async::as_result);
    co_return !error;
}

async::awaitable<void> conversation::stream_events() {
    event_hub::reader events(desk_.hub);
    for (;;) {
        // Waiting for the next event has no limit: it comes by itself.
        const auto event = co_await events.next();
        enter(state::streaming, desk_.limits.event);
        const auto bytes = asio::buffer(*event);
        const auto [error, size] = co_await asio::async_write(socket_, bytes, async::as_result);
        if (error) co_return;
        ++limits_set_; // it was taken in time
    }
}

/// Says that no more comes, and reads what is still on its way.
async::awaitable<void> conversation::part() {
    enter(state::reading, longest_parting);
    boost::system::error_code ignored;
    socket_.shutdown(socket::shutdown_send, ignored);
    std::array<char, 4096> nobody_reads{};
    const auto into = asio::buffer(nobody_reads);
    for (std::size_t read = 0; read < most_left_unread;) {
        const auto [error, size] = co_await socket_.async_read_some(into, async::as_result);
        if (error) co_return;
        read += size;
    }
}

} // namespace kyc::admin
