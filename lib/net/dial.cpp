#include "net/dial.hpp"

#include "net/url.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace kyc::net {
namespace {

using boost::asio::ip::tcp;

constexpr std::size_t tunnel_reply_limit = 16 * 1024;

// "HTTP/1.1 200 Connection established" -> 200; 0 when it is nothing of the kind.
int status_of(std::string_view reply) {
    int status = 0;
    if (!reply.starts_with("HTTP/1.") || reply.size() < 12 || reply[8] != ' ') return 0;
    const auto [end, error] = std::from_chars(reply.data() + 9, reply.data() + 12, status);
    return error == std::errc() && end == reply.data() + 12 ? status : 0;
}

/// Enough to keep a fast line busy while the loop does something else.
constexpr int most_unsent = 128 * 1024;

/// For an address after which there are others: a second, and never more than half of the limit for all of them.
deadline::clock::duration first_patience(std::chrono::milliseconds limit, std::size_t addresses) {
    const auto share = limit / (2 * static_cast<std::int64_t>(addresses));
    return std::min<std::chrono::milliseconds>(share, std::chrono::seconds(1));
}

std::string milliseconds_text(std::chrono::milliseconds time) {
    return std::to_string(time.count()) + " ms";
}

} // namespace

bool timed_out(const boost::system::error_code& error, const deadline& watch) {
    if (error != boost::asio::error::operation_aborted) return false;
    if (!watch.expired()) throw boost::system::system_error(error);
    return true;
}

void prepare_socket(tcp::socket& socket) {
    boost::system::error_code ignored; // without them it works all the same
    socket.set_option(tcp::no_delay(true), ignored);
    socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
    const auto set = [&](int option, int value) {
        (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
    };
    set(TCP_KEEPIDLE, 10);
    set(TCP_KEEPINTVL, 5);
    set(TCP_KEEPCNT, 3);
    set(TCP_NOTSENT_LOWAT, most_unsent);
}

async::awaitable<std::optional<transport_error>> connect_to_any(tcp::socket& socket, deadline& watch,
                                                                const std::vector<tcp::endpoint>& addresses,
                                                                const std::string& name, step_limit limit) {
    const auto end = limit.from_now();
    std::vector<tcp::endpoint> silent; // in the first round
    std::string attempts;
    bool only_timeouts = true;
    for (const bool first_round : {true, false}) {
        const auto& candidates = first_round ? addresses : silent;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            const auto& address = candidates[i];
            const auto left = end - deadline::clock::now();
            if (left <= deadline::clock::duration::zero()) break;
            const bool alone = addresses.size() == 1;
            const auto patience = first_round && !alone ? first_patience(limit.step, addresses.size())
                                                        : left / static_cast<int>(candidates.size() - i);
            boost::system::error_code ignored;
            socket.close(ignored);
            const auto until = std::min(deadline::clock::now() + patience, end);
            watch.arm(until);
            const auto [error] = co_await socket.async_connect(address, async::as_result);
            if (!error) {
                prepare_socket(socket);
                co_return std::nullopt;
            }
            const bool too_slow = timed_out(error, watch);
            if (too_slow && first_round && !alone) {
                silent.push_back(address);
                continue;
            }
            if (!attempts.empty()) attempts += "; ";
            attempts += to_authority(address.address().to_string(), address.port()) + ": ";
            attempts += too_slow ? "no answer within " + milliseconds_text(limit.step) : error.message();
            only_timeouts = only_timeouts && too_slow;
        }
    }
    if (attempts.empty()) attempts = "no time was left";
    co_return transport_error(only_timeouts ? transport_problem::timeout : transport_problem::connect, sent::nothing,
                              "could not connect to " + name + " (" + attempts + ")");
}

async::awaitable<std::optional<transport_error>> open_tunnel(tcp::socket& socket, deadline& watch,
                                                             const proxy_address& proxy, const std::string& target,
                                                             const std::string& user_agent, step_limit limit) {
    const auto who = "the proxy " + to_authority(proxy.host, proxy.port);
    const auto too_slow = transport_error(transport_problem::proxy, sent::nothing,
                                          who + " did not open a tunnel within " + milliseconds_text(limit.step));
    std::string head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: " + user_agent + "\r\n";
    if (!proxy.authorization.empty())
        head.append("Proxy-Authorization: ").append(proxy.authorization.reveal()).append("\r\n");
    head += "\r\n";
    const secret text(std::move(head));
    watch.arm(limit.from_now());
    const auto bytes = boost::asio::buffer(text.reveal());
    const auto [write_error, written] = co_await boost::asio::async_write(socket, bytes, async::as_result);
    (void)written;
    if (timed_out(write_error, watch)) co_return too_slow;
    if (write_error)
        co_return transport_error(transport_problem::proxy, sent::nothing,
                                  who + " broke the connection: " + write_error.message());

    // Looked at first and then taken out of the socket only up to the blank line: what follows belongs to the tunnel.
    std::string reply;
    std::array<char, 4096> look;
    while (!reply.ends_with("\r\n\r\n")) {
        const auto into = boost::asio::buffer(look);
        const auto [error, seen] = co_await socket.async_receive(into, tcp::socket::message_peek, async::as_result);
        if (timed_out(error, watch)) co_return too_slow;
        if (error)
            co_return transport_error(transport_problem::proxy, sent::nothing,
                                      who + " closed the connection instead of opening a tunnel: " + error.message());
        const auto before = reply.size();
        reply.append(look.data(), seen);
        if (const auto end = reply.find("\r\n\r\n", before < 3 ? 0 : before - 3); end != reply.npos)
            reply.resize(end + 4);
        const auto taken = boost::asio::buffer(look.data(), reply.size() - before);
        boost::system::error_code take_error;
        (void)socket.receive(taken, 0, take_error); // they are there: the peek saw them
        if (take_error || reply.size() > tunnel_reply_limit)
            co_return transport_error(transport_problem::proxy, sent::nothing, who + " gave no sensible reply");
    }
    watch.disarm();
    const int status = status_of(reply);
    if (status / 100 == 2) co_return std::nullopt;
    const auto line = std::string_view(reply).substr(0, reply.find('\r'));
    std::string words = status != 0 ? "answered " + std::to_string(status) : "does not speak HTTP";
    if (status != 0 && line.size() > 13) {
        words += " ";
        for (const char c : line.substr(13, 80))
            words += c >= ' ' && c < '\x7f' ? c : '?';
    }
    if (status == 407)
        words += proxy.authorization.empty() ? " (it wants a user and password)" : " (it refused the user or password)";
    co_return transport_error(transport_problem::proxy, sent::nothing, who + " " + words + " to CONNECT " + target);
}

} // namespace kyc::net
