#pragma once
// A piece of a coroutine's way on another thread's loop.

#include "async/awaitable.hpp"

#include <boost/asio/async_result.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace kyc::async {

/// Runs `work` on `there`, the executor of a loop that one thread runs, and resumes the caller on its own executor,
/// which has to be one thread's, too. Not before the work and its frames are gone, however they end: so it may refer to
/// what the caller owns. What the work throws, the caller throws. Cancelling the caller cancels the work (terminal), on
/// its own thread; work that had ended by then is not undone, and its value is returned. Both loops are kept running
/// meanwhile. Asio's co_spawn alone does not do in Boost 1.81: a cancellation that is on its way to the other thread
/// when the work ends reaches into freed memory.
[[nodiscard]] awaitable<void> run_on(boost::asio::any_io_executor there, awaitable<void> work);

template<class T>
[[nodiscard]] awaitable<void> keep_value(awaitable<T> work, std::optional<T>& into) {
    auto value = co_await std::move(work);
    into.emplace(std::move(value));
}

template<class T>

requires(!std::is_void_v<T>) [[nodiscard]] awaitable<T> run_on(boost::asio::any_io_executor there, awaitable<T> work) {
    std::optional<T> value;
    auto keeping = keep_value(std::move(work), value);
    co_await run_on(std::move(there), std::move(keeping));
    co_return std::move(*value);
}

} // namespace kyc::async
