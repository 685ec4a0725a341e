#pragma once
// Runs a coroutine on a loop of its own to its end: a test that forgets work hangs into the watchdog and fails.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>

namespace kyc::test {

/// Runs `loop` until nothing is left to do, and rethrows what `body` threw (a failed REQUIRE included).
/// Fails when it takes longer than `limit`, which is for hangs only and never what a test waits for.
inline void run_coroutine(boost::asio::io_context& loop, boost::asio::awaitable<void> body,
                          std::chrono::seconds limit = std::chrono::seconds(60)) {
    bool finished = false;
    boost::asio::co_spawn(loop, std::move(body), [&](const std::exception_ptr& thrown) {
        finished = true;
        if (thrown) std::rethrow_exception(thrown);
    });
    loop.restart();
    loop.run_for(limit);
    if (!finished) throw std::logic_error("the coroutine did not finish");
    if (!loop.stopped()) throw std::logic_error("the loop still has work after the coroutine finished");
}

} // namespace kyc::test
