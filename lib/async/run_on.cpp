#include "async/run_on.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <exception>
#include <memory>

namespace kyc::async {

namespace asio = boost::asio;

namespace {

/// Shared by the work and the cancellations that are on their way to it. Its thread only.
struct reins {
    asio::cancellation_signal cancel;
    bool ended = false;
};

// Pointers only: the coroutine frame keeps both alive.
struct crossing {
    asio::any_io_executor* there;
    awaitable<void>* work;

    template<class Handler>
    void operator()(Handler&& handler) {
        const auto held = std::make_shared<reins>();
        // The slot is the caller's, and used on its thread; the signal is the work's. What is posted comes in its
        // order, so a cancellation finds the work begun.
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([held, there = *there](asio::cancellation_type type) {
                asio::post(there, [held, type] {
                    if (!held->ended) held->cancel.emit(type);
                });
            });
        }
        auto home = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto go_home = [held, home = std::move(home),
                        handler = std::forward<Handler>(handler)](std::exception_ptr thrown) mutable {
            held->ended = true;
            asio::post(home, [handler = std::move(handler), thrown = std::move(thrown)]() mutable {
                std::move(handler)(std::move(thrown));
            });
        };
        asio::post(*there, [held, there = *there, work = work, go_home = std::move(go_home)]() mutable {
            asio::co_spawn(there, std::move(*work),
                           asio::bind_cancellation_slot(held->cancel.slot(), std::move(go_home)));
        });
    }
};

} // namespace

awaitable<void> run_on(asio::any_io_executor there, awaitable<void> work) {
    const crossing over{&there, &work};
    co_await asio::async_initiate<decltype(asio::use_awaitable), void(std::exception_ptr)>(over, asio::use_awaitable);
}

} // namespace kyc::async
