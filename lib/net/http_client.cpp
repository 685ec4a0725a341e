#include "net/http_client.hpp"

#include "async/permits.hpp"
#include "net/connection.hpp"
#include "net/request_head.hpp"
#include "net/route.hpp"
#include "net/url.hpp"

#include <algorithm>
#include <deque>

namespace kyc::net {
namespace {

using clock = deadline::clock;

class https_client final : public http_client {
  public:
    https_client(const boost::asio::any_io_executor& executor, std::shared_ptr<route> way)
        : executor_(executor), way_(std::move(way)),
          host_field_(to_authority(way_->settings.host, way_->settings.port, 443)),
          turns_(executor, std::max<std::size_t>(way_->settings.max_connections, 1)) {}

    async::awaitable<result<http_response, transport_error>> send(const http_request& request) override {
        const secret head(
            request_head(request, host_field_, way_->settings.user_agent, boost::asio::buffer_size(request.body)));
        // A kept connection is taken before a new one is opened, so the permits in use bound all that are open.
        const auto turn = co_await turns_.acquire();
        ++statistics_.requests;
        const auto way = way_;
        const auto end = clock::now() + way->settings.timeouts.request;
        const bool repeatable = request.method == "GET";
        if (auto line = take_idle(repeatable ? clock::duration::max() : way->settings.post_patience)) {
            auto outcome = co_await line->carry(head.reveal(), request.body, end);
            if (!died_of_age(outcome, request)) {
                keep(std::move(line), way);
                co_return understood(std::move(outcome.reply), repeatable);
            }
        }
        auto opened = co_await open_connection(executor_, way, statistics_, openings_, end);
        if (!opened) co_return opened.error();
        auto line = std::move(*opened);
        auto outcome = co_await line->carry(head.reveal(), request.body, end);
        keep(std::move(line), way);
        co_return understood(std::move(outcome.reply), repeatable);
    }

    http_statistics statistics() const override {
        auto now = statistics_;
        now.idle = idle_.size();
        return now;
    }

    result<void, std::string> reconfigure(http_client_settings settings) override {
        settings.host = way_->settings.host;
        settings.port = way_->settings.port;
        settings.user_agent = way_->settings.user_agent;
        auto made = make_route(executor_, std::move(settings));
        if (!made) return made.error();
        way_ = std::move(*made);
        close_idle();
        return {};
    }

    void stop_opening() override { openings_.give_up(); }

    void close_idle() override { idle_.clear(); }

  private:
    struct idle_connection {
        std::unique_ptr<connection> line;
        clock::time_point since;
        clock::time_point until; ///< past it the server may be closing it just now
    };

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

    void sweep() {
        std::erase_if(idle_, [now = clock::now()](const idle_connection& one) { return one.until <= now; });
    }

    std::unique_ptr<connection> take_idle(clock::duration longest) {
        sweep();
        while (!idle_.empty()) {
            const auto lain = clock::now() - idle_.back().since;
            auto newest = std::move(idle_.back().line);
            idle_.pop_back();
            if (lain <= longest && newest->reusable()) return newest;
        }
        return nullptr;
    }

    // A connection that was opened before a reload is not kept.
    void keep(std::unique_ptr<connection> line, const std::shared_ptr<route>& opened_by) {
        sweep();
        if (opened_by != way_ || !line->reusable()) return;
        const auto since = clock::now();
        const auto until = since + line->patience();
        idle_.push_back({std::move(line), since, until});
    }

    boost::asio::any_io_executor executor_;
    std::shared_ptr<route> way_;
    std::string host_field_;
    async::permits turns_;
    http_statistics statistics_;
    openings openings_;
    std::deque<idle_connection> idle_; ///< the longest unused first
};

} // namespace

result<std::unique_ptr<http_client>, std::string> make_https_client(const boost::asio::any_io_executor& executor,
                                                                    http_client_settings settings) {
    auto way = make_route(executor, std::move(settings));
    if (!way) return way.error();
    return std::unique_ptr<http_client>(std::make_unique<https_client>(executor, std::move(*way)));
}

} // namespace kyc::net
