#include "net/address_book.hpp"

#include "async/signal.hpp"

#include <algorithm>
#include <optional>

namespace kyc::net {
namespace {

using boost::asio::ip::tcp;
using clock = std::chrono::steady_clock;

constexpr auto remembered_for = std::chrono::seconds(60);

} // namespace

struct address_book::state : std::enable_shared_from_this<state> {
    state(const boost::asio::any_io_executor& executor, std::string host_, std::uint16_t port_)
        : host(std::move(host_)), port(port_), resolver(executor), finished(executor) {}

    void look_up() {
        running = true;
        resolver.async_resolve(
            host, std::to_string(port), tcp::resolver::numeric_service,
            [self = shared_from_this()](const boost::system::error_code& error,
                                        const tcp::resolver::results_type& results) { self->take(error, results); });
    }

    void take(const boost::system::error_code& error, const tcp::resolver::results_type& results) {
        running = false;
        problem = error;
        if (!error && !results.empty()) {
            found.clear();
            for (const auto& entry : results)
                if (std::ranges::find(found, entry.endpoint()) == found.end()) found.push_back(entry.endpoint());
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
    tcp::resolver resolver;
    async::signal finished;
    bool running = false;
    boost::system::error_code problem;
    std::vector<tcp::endpoint> found;
    clock::time_point fresh_until = clock::time_point::min();
    tcp::endpoint favourite;
};

address_book::address_book(const boost::asio::any_io_executor& executor, std::string host, std::uint16_t port)
    : state_(std::make_shared<state>(executor, std::move(host), port)) {
    boost::system::error_code no_address;
    const auto literal = boost::asio::ip::make_address(state_->host, no_address);
    if (no_address) return;
    state_->found.emplace_back(literal, port);
    state_->fresh_until = clock::time_point::max();
}

address_book::~address_book() {
    state_->resolver.cancel();
}

async::awaitable<result<std::vector<tcp::endpoint>, transport_error>>
address_book::addresses(std::chrono::milliseconds limit) {
    const auto mine = state_;
    const auto give_up = clock::now() + limit;
    if (clock::now() < mine->fresh_until) co_return mine->in_order();
    if (!mine->running) mine->look_up();
    while (mine->running) {
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
                              "could not resolve " + mine->host + ": " +
                                  (mine->problem ? mine->problem.message() : "it has no address"));
}

void address_book::worked(const tcp::endpoint& address) {
    state_->favourite = address;
}

void address_book::none_worked() {
    // An address that was given literally stays what it is.
    if (state_->fresh_until != clock::time_point::max()) state_->fresh_until = clock::time_point::min();
}

} // namespace kyc::net
