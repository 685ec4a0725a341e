#include "net/http_client.hpp"

#include "async/permits.hpp"
#include "net/address_book.hpp"
#include "net/connection.hpp"
#include "net/proxy.hpp"
#include "net/request_head.hpp"
#include "net/tls_context.hpp"
#include "net/url.hpp"

#include <deque>

namespace kyc::net {
namespace {

using clock = deadline::clock;

class https_client final : public http_client {
  public:
    https_client(const boost::asio::any_io_executor& executor, http_client_settings settings,
                 std::optional<proxy_address> proxy, std::unique_ptr<tls_context> tls)
        : executor_(executor), settings_(std::move(settings)), proxy_(std::move(proxy)), tls_(std::move(tls)),
          host_field_(to_authority(settings_.host, settings_.port, 443)),
          addresses_(executor, proxy_ ? proxy_->host : settings_.host, proxy_ ? proxy_->port : settings_.port),
          turns_(executor, settings_.max_connections) {}

    async::awaitable<result<http_response, transport_error>> send(const http_request& request) override {
        const secret head(
            request_head(request, host_field_, settings_.user_agent, boost::asio::buffer_size(request.body)));
        // A kept connection is taken before a new one is opened, so the permits in use bound all that are open.
        const auto turn = co_await turns_.acquire();
        ++statistics_.requests;
        const auto end = clock::now() + settings_.timeouts.request;
        if (auto line = take_idle()) {
            auto outcome = co_await line->carry(head.reveal(), request.body, end);
            if (!died_of_age(outcome, request)) {
                keep(std::move(line));
                co_return std::move(outcome.reply);
            }
        }
        auto opened = co_await open_connection(executor_, plan_, end);
        if (!opened) co_return opened.error();
        auto line = std::move(*opened);
        auto outcome = co_await line->carry(head.reveal(), request.body, end);
        keep(std::move(line));
        co_return std::move(outcome.reply);
    }

    http_statistics statistics() const override {
        auto now = statistics_;
        now.idle = idle_.size();
        return now;
    }

    void close_idle() override { idle_.clear(); }

  private:
    struct idle_connection {
        std::unique_ptr<connection> line;
        clock::time_point until; ///< past it the server may be closing it just now
    };

    // A kept connection that the server had given up when the request came: asking again cannot do anything twice.
    static bool died_of_age(const exchange& outcome, const http_request& request) {
        if (outcome.reply || outcome.reply_begun) return false;
        const auto error = outcome.reply.error();
        if (error.problem != transport_problem::reset) return false;
        return error.sent == sent::nothing || request.method == "GET";
    }

    void sweep() {
        std::erase_if(idle_, [now = clock::now()](const idle_connection& one) { return one.until <= now; });
    }

    std::unique_ptr<connection> take_idle() {
        sweep();
        while (!idle_.empty()) {
            auto newest = std::move(idle_.back().line);
            idle_.pop_back();
            if (newest->reusable()) return newest;
        }
        return nullptr;
    }

    void keep(std::unique_ptr<connection> line) {
        sweep();
        if (!line->reusable()) return;
        const auto until = clock::now() + line->patience();
        idle_.push_back({std::move(line), until});
    }

    boost::asio::any_io_executor executor_;
    http_client_settings settings_;
    std::optional<proxy_address> proxy_;
    std::unique_ptr<tls_context> tls_;
    std::string host_field_;
    address_book addresses_;
    async::permits turns_;
    http_statistics statistics_;
    connection_plan plan_{settings_, proxy_, addresses_, *tls_, statistics_};
    std::deque<idle_connection> idle_; ///< the longest unused first
};

} // namespace

result<std::unique_ptr<http_client>, std::string> make_https_client(const boost::asio::any_io_executor& executor,
                                                                    http_client_settings settings) {
    std::optional<proxy_address> proxy;
    if (settings.proxy) {
        auto parsed = parse_proxy(*settings.proxy);
        if (!parsed) return "the proxy cannot be used: " + parsed.error();
        proxy = std::move(*parsed);
    }
    auto tls = tls_context::make(settings.ca_file, settings.client_certificate_pem, settings.client_key_pem);
    if (!tls) return tls.error();
    settings.host = lower_case(settings.host);
    if (settings.max_connections == 0) settings.max_connections = 1;
    return std::unique_ptr<http_client>(
        std::make_unique<https_client>(executor, std::move(settings), std::move(proxy), std::move(*tls)));
}

} // namespace kyc::net
