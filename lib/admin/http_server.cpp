#include "admin/http_server.hpp"

#include "admin/conversation.hpp"
#include "admin/event_hub.hpp"
#include "admin/listening_socket.hpp"
#include "async/blocking_pool.hpp"
#include "async/task_group.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <list>
#include <unistd.h>
#include <utility>

namespace kyc::admin {

namespace {

using protocol = boost::asio::generic::stream_protocol;
using acceptor = boost::asio::basic_socket_acceptor<protocol>;

/// After EMFILE and the like.
constexpr std::chrono::seconds accept_retry{1};

/// Nobody who does not know the token gets by the Host check; behind a proxy the name is the proxy's.
access_rules rules_for(const http_access& access) {
    const bool by_browser = access.where && !access.where->is_unix();
    return {by_browser && is_private(*access.where) && !access.token, access.token};
}

class asio_http_server final : public http_server {
  public:
    asio_http_server(const boost::asio::any_io_executor& loop, async::blocking_pool& pool, http_offer offer,
                     http_access access, http_limits limits, std::function<void(const http_news&)> tell)
        : loop_(loop), pool_(pool), access_(std::move(access)),
          tell_(std::move(tell)), desk_{pool,
                                        limits,
                                        std::move(offer.routes),
                                        event_hub(loop, std::move(offer.events)),
                                        rules_for(access_),
                                        {}},
          changed_(loop), tasks_(loop, [](const std::exception_ptr&) {
              // Nothing that goes wrong with one client is worth more than its connection.
          }) {}

    async::awaitable<void> serve() override {
        tasks_.spawn(desk_.hub.keep());
        for (;;) {
            if (!access_.where) {
                co_await changed_.wait();
                continue;
            }
            const auto era = era_;
            auto open = [where = *access_.where, group = access_.group] {
                return listening_socket::open(where, group);
            };
            auto opened = co_await pool_.run(open);
            if (era != era_) continue;
            if (!opened) {
                say({false, *access_.where, opened.error().message()});
                (void)co_await changed_.wait_for(desk_.limits.retry);
                continue;
            }
            co_await accept_from(*opened, era);
        }
    }

    void change(http_access access) override {
        access_ = std::move(access);
        desk_.rules = rules_for(access_);
        ++era_;
        told_.reset();
        for (const auto& each : open_)
            each->hang_up();
        boost::system::error_code ignored;
        if (acceptor_) acceptor_->close(ignored);
        changed_.notify_all();
    }

    async::awaitable<void> stop() override {
        tasks_.cancel();
        co_await tasks_.join();
    }

    statistics counted() const override {
        auto now = desk_.count;
        now.connections = open_.size();
        now.streams = desk_.hub.readers();
        return now;
    }

  private:
    using connections = std::list<std::shared_ptr<conversation>>;

    /// Until the address changes. The acceptor is closed before the socket's file goes.
    async::awaitable<void> accept_from(listening_socket& socket, std::uint64_t era) {
        const int family = socket.family();
        acceptor listening(loop_);
        const int listener = socket.release();
        boost::system::error_code refused;
        listening.assign(protocol(family, 0), listener, refused);
        if (refused) { // the kernel has no memory, or no watch left for it
            ::close(listener);
            say({false, socket.address(), refused.message()});
            (void)co_await changed_.wait_for(desk_.limits.retry);
            co_return;
        }
        say({true, socket.address(), {}});
        const exposed known(*this, listening);
        while (era == era_) {
            auto [error, peer] = co_await listening.async_accept(async::as_result);
            if (era != era_) break;
            if (error == boost::asio::error::operation_aborted) break;
            if (error) {
                co_await async::sleep_for(accept_retry);
                continue;
            }
            ++desk_.count.accepted;
            if (family != AF_UNIX) {
                boost::system::error_code ignored;
                peer.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
            }
            if (make_room())
                tasks_.spawn(
                    converse(open_.insert(open_.end(), std::make_shared<conversation>(desk_, std::move(peer)))));
        }
    }

    /// The acceptor can be reached by change() while accept_from() uses it.
    class exposed {
      public:
        exposed(asio_http_server& owner, acceptor& which) : owner_(owner) { owner_.acceptor_ = &which; }

        exposed(const exposed&) = delete;
        exposed& operator=(const exposed&) = delete;

        ~exposed() { owner_.acceptor_ = nullptr; }

      private:
        asio_http_server& owner_;
    };

    /// Is in the list until its coroutine ends, however that is.
    class listed {
      public:
        listed(connections& list, connections::iterator place) : list_(list), place_(place) {}

        listed(const listed&) = delete;
        listed& operator=(const listed&) = delete;

        ~listed() {
            (*place_)->hang_up();
            list_.erase(place_);
        }

      private:
        connections& list_;
        connections::iterator place_;
    };

    async::awaitable<void> converse(connections::iterator place) {
        const listed in_list(open_, place);
        const auto peer = *place;
        co_await peer->hold();
    }

    /// Past the limit somebody goes: who has been idle for longest, else who has been sending a request for longest.
    /// False when all are being replied to: the newcomer goes.
    bool make_room() {
        const auto ended = [](const auto& each) { return each->now() == conversation::state::ended; };
        if (open_.size() - static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), ended)) <
            desk_.limits.connections)
            return true;
        ++desk_.count.dropped;
        for (const auto wanted : {conversation::state::idle, conversation::state::reading}) {
            const std::shared_ptr<conversation>* oldest = nullptr;
            for (const auto& each : open_) {
                if (each->now() == wanted && (oldest == nullptr || each->since() < (*oldest)->since())) oldest = &each;
            }
            if (oldest == nullptr) continue;
            (*oldest)->hang_up();
            return true;
        }
        return false;
    }

    /// Once for each change.
    void say(http_news news) {
        if (told_ && told_->listening == news.listening && told_->why == news.why) return;
        told_ = news;
        tell_(news);
    }

    boost::asio::any_io_executor loop_;
    async::blocking_pool& pool_;
    http_access access_;
    std::function<void(const http_news&)> tell_;
    http_desk desk_;
    async::signal changed_; ///< access_ is another one
    std::uint64_t era_ = 0; ///< counts its changes
    std::optional<http_news> told_;
    acceptor* acceptor_ = nullptr; ///< while it listens
    connections open_;
    async::task_group tasks_;
};

} // namespace

std::unique_ptr<http_server> make_http_server(const boost::asio::any_io_executor& loop, async::blocking_pool& pool,
                                              http_offer offer, http_access access, http_limits limits,
                                              std::function<void(const http_news&)> tell) {
    return std::make_unique<asio_http_server>(loop, pool, std::move(offer), std::move(access), limits, std::move(tell));
}

} // namespace kyc::admin
