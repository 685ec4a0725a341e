#include "net/address_book.hpp"

#include "async/signal.hpp"

#include <algorithm>
#include <optional>

namespace kyc::net {
namespace {

using boost::asio::ip::tcp;
using clock = std::chrono::steady_clock;

constexpr auto remembered_for = std::chrono::seconds(60);

/// How long a lookup is waited for by whoever could go on with the addresses of the one before.
constexpr std::chrono::milliseconds patience_with_known{1'000};

} // namespace

struct address_book::state : std::enable_shared_from_this<state> {
    state(const boost::asio::any_io_executor& executor, std::string host_, std::uint16_t port_, lookup_function ask)
        : host(std::move(host_)), port(port_), lookup(executor, std::move(ask)), finished(executor) {}

    void look_up() {
        running = true;
        auto done = [weak = weak_from_this()](lookup_result came) {
            if (const auto self = weak.lock()) self->take(std::move(came));
        };
        lookup.start(host, port, std::move(done));
    }

    void take(lookup_result came) {
        running = false;
        problem = came ? "it has no address" : came.error();
        if (came && !came->empty()) {
            found.clear();
            for (const auto& address : *came)
                if (std::ranges::find(found, address) == found.end()) found.push_back(address);
            fresh_until = clock::now() + remembered_for;
        }
        finished.notify_all();
    }

    [[nodiscard]] std::vector<tcp::endpoint> in_order() const {
        auto ordered = found;
        if (const auto best = std::ranges::find(ordered, favourite); best != ordered.end())
            std::rotate(ordered.begin(), best, best + 1);
        return ordered;
    }

    std::string host;
    std::uint16_t port;
    name_lookup lookup;
    async::signal finished;
    bool running = false;
    bool given_up = false;
    std::string problem; ///< of the last lookup that found nothing
    std::vector<tcp::endpoint> found;
    clock::time_point fresh_until = clock::time_point::min();
    tcp::endpoint favourite;
};

address_book::address_book(const boost::asio::any_io_executor& executor, std::string host, std::uint16_t port,
                           lookup_function ask)
    : state_(std::make_shared<state>(executor, std::move(host), port, std::move(ask))) {
    boost::system::error_code no_address;
    const auto literal = boost::asio::ip::make_address(state_->host, no_address);
    if (no_address) return;
    state_->found.emplace_back(literal, port);
    state_->fresh_until = clock::time_point::max();
}

address_book::~address_book() = default;

async::awaitable<result<std::vector<tcp::endpoint>, transport_error>>
address_book::addresses(std::chrono::milliseconds limit) {
    const auto mine = state_;
    const bool fallback = !mine->found.empty();
    const auto give_up = clock::now() + (fallback ? std::min(limit, patience_with_known) : limit);
    if (clock::now() < mine->fresh_until) co_return mine->in_order();
    if (!mine->running) mine->look_up();
    while (mine->running && !mine->given_up) {
        const auto left = give_up - clock::now();
        if (left <= clock::duration::zero()) break;
        (void)co_await mine->finished.wait_for(left);
    }
    if (!mine->found.empty()) co_return mine->in_order();
    if (mine->running)
        co_return transport_error(transport_problem::timeout, sent::nothing,
                                  "the lookup of " + mine->host + " took longer than " + std::to_string(limit.count()) +
                                      " ms");
    co_return transport_error(transport_problem::resolve, sent::nothing,
                              "could not resolve " + mine->host + ": " + mine->problem);
}

void address_book::give_up() {
    state_->given_up = true;
    state_->finished.notify_all();
}

void address_book::worked(const tcp::endpoint& address) {
    state_->favourite = address;
}

void address_book::failed(const tcp::endpoint& address) {
    auto& found = state_->found;
    if (state_->favourite == address) state_->favourite = tcp::endpoint();
    if (const auto it = std::ranges::find(found, address); it != found.end()) std::rotate(it, it + 1, found.end());
}

void address_book::none_worked() {
    // An address that was given literally stays what it is.
    if (state_->fresh_until != clock::time_point::max()) state_->fresh_until = clock::time_point::min();
}

} // namespace kyc::net
