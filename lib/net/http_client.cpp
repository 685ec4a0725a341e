#include "net/http_client.hpp"

#include "async/permits.hpp"
#include "net/address_book.hpp"
#include "net/connection_pool.hpp"
#include "net/dial.hpp"
#include "net/openings.hpp"
#include "net/request_head.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <system_error>

namespace kyc::net {
namespace {

using clock = deadline::clock;

/// A route and what was learned about it. Loop's thread only.
struct known_route {
    known_route(const boost::asio::any_io_executor& loop, std::shared_ptr<const route> way_)
        : way(std::move(way_)), addresses(loop, way->host(), way->port()) {}

    std::shared_ptr<const route> way;
    address_book addresses;
};

class https_client final : public http_client {
  public:
    https_client(const boost::asio::any_io_executor& executor, std::shared_ptr<const route> way)
        : executor_(executor), host_field_(to_authority(way->settings.host, way->settings.port, 443)),
          user_agent_(way->settings.user_agent), most_(std::max<std::size_t>(way->settings.max_connections, 1)),
          turns_(executor, most_), pool_(executor, std::max<std::size_t>(way->settings.threads, 1), most_),
          known_(std::make_shared<known_route>(executor, std::move(way))) {}

    async::awaitable<result<http_response, transport_error>> send(const http_request& request) override {
        const auto size = boost::asio::buffer_size(request.body);
        const secret head(request_head(request, host_field_, user_agent_, size));
        // A kept connection is taken before a new one is opened, so the permits in use bound all that are open.
        const auto turn = co_await turns_.acquire();
        ++requests_;
        const auto known = known_;
        const auto& settings = known->way->settings;
        const auto load = size < settings.worth_spreading ? connection_pool::load::small : connection_pool::load::large;
        const auto end = clock::now() + settings.timeouts.request;
        const bool repeatable = request.method == "GET";
        if (auto line = pool_.take(load, repeatable ? clock::duration::max() : settings.post_patience)) {
            auto outcome = co_await line->carry(head.reveal(), request.body, end);
            if (!died_of_age(outcome, request)) {
                keep(std::move(*line), known);
                co_return understood(std::move(outcome.reply), repeatable);
            }
        }
        auto opened = co_await open_connection(known, pool_.place_for(load), end);
        if (!opened) co_return opened.error();
        auto line = std::move(*opened);
        auto outcome = co_await line.carry(head.reveal(), request.body, end);
        keep(std::move(line), known);
        co_return understood(std::move(outcome.reply), repeatable);
    }

    http_statistics statistics() const override {
        http_statistics now;
        now.requests = requests_;
        now.connections = traffic_.connections;
        now.handshakes = traffic_.handshakes;
        now.resumed = traffic_.resumed;
        now.bytes_sent = traffic_.bytes_sent;
        now.bytes_received = traffic_.bytes_received;
        now.open = pool_.open();
        now.idle = pool_.size();
        return now;
    }

    result<void, std::string> reconfigure(http_client_settings settings) override {
        settings.host = known_->way->settings.host;
        settings.port = known_->way->settings.port;
        settings.user_agent = user_agent_;
        auto made = make_route(std::move(settings));
        if (!made) return made.error();
        known_ = std::make_shared<known_route>(executor_, std::move(*made));
        close_idle();
        return {};
    }

    void stop_opening() override { openings_.give_up(); }

    void close_idle() override { pool_.clear(); }

  private:
    /// The error is `cancelled` once openings are given up.
    async::awaitable<result<carried_connection, transport_error>> open_connection(std::shared_ptr<known_route> known,
                                                                                  carrier& on, clock::time_point end) {
        carried_connection line(on, make_connection(on.executor(), known->way, traffic_));
        auto give_up = [&known, &line] {
            known->addresses.give_up();
            line.give_up();
        };
        const openings::place mine(openings_, give_up);
        auto given_up = transport_error(transport_problem::cancelled, sent::nothing, "kycd stops");
        if (openings_.given_up()) co_return given_up;
        const auto limit = step_limit(known->way->settings.timeouts.connect, end).left();
        auto addresses = co_await known->addresses.addresses(limit);
        if (openings_.given_up()) co_return given_up;
        if (!addresses) co_return addresses.error();
        auto opened = co_await line.open(std::move(*addresses), end);
        learn(*known, opened);
        // Another thread may be told of it late, when the connection has come about all the same.
        if (openings_.given_up()) co_return given_up;
        if (opened.problem) co_return std::move(*opened.problem);
        co_return std::move(line);
    }

    static void learn(known_route& known, const opening& opened) {
        if (!opened.reached) return known.addresses.none_worked();
        // What comes after a proxy's tunnel is between us and the server.
        const bool tunnelled =
            known.way->proxy && opened.problem && opened.problem->problem != transport_problem::proxy;
        if (!opened.problem || tunnelled) {
            known.addresses.worked(*opened.reached);
        } else {
            known.addresses.failed(*opened.reached);
        }
    }

    static result<http_response, transport_error> understood(result<http_response, transport_error> reply,
                                                             bool repeatable) {
        if (!reply || reply->coding.empty() || !repeatable || reply->status / 100 != 2) return reply;
        return transport_error(transport_problem::bad_reply, sent::all,
                               "the reply is compressed (Content-Encoding: " + printable(reply->coding) +
                                   "), which was not asked for; does a proxy on the way do that?");
    }

    // A header's value comes from outside and goes into a log.
    static std::string printable(std::string text) {
        text.resize(std::min<std::size_t>(text.size(), 40));
        for (char& c : text)
            if (c < ' ' || c > '~') c = '?';
        return text;
    }

    // A kept connection that the server had given up when the request came: asking again cannot do anything twice.
    static bool died_of_age(const exchange& outcome, const http_request& request) {
        if (outcome.reply || outcome.reply_begun) return false;
        const auto error = outcome.reply.error();
        if (error.problem != transport_problem::reset) return false;
        return error.sent == sent::nothing || request.method == "GET";
    }

    // A connection that was opened before a reload is not kept.
    void keep(carried_connection line, const std::shared_ptr<known_route>& opened_by) {
        if (opened_by == known_) pool_.keep(std::move(line));
    }

    boost::asio::any_io_executor executor_;
    std::string host_field_;
    std::string user_agent_;
    std::size_t most_; ///< connections
    async::permits turns_;
    std::uint64_t requests_ = 0;
    traffic traffic_;
    openings openings_;
    connection_pool pool_; ///< after what its connections refer to
    std::shared_ptr<known_route> known_;
};

} // namespace

result<std::unique_ptr<http_client>, std::string> make_https_client(const boost::asio::any_io_executor& executor,
                                                                    http_client_settings settings) {
    auto way = make_route(std::move(settings));
    if (!way) return way.error();
    try {
        return std::unique_ptr<http_client>(std::make_unique<https_client>(executor, std::move(*way)));
    } catch (const std::system_error& error) {
        return std::string("no threads for the connections: ") + error.what();
    }
}

} // namespace kyc::net
