#pragma once
// Stretches of a coroutine that a stop must not interrupt.

#include "async/awaitable.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

namespace kyc::async {

/// From here on cancelling the calling coroutine has no effect, and is forgotten: whoever ends the shield must ask the
/// program whether it is stopping. Throws operation_aborted when the coroutine was cancelled before.
[[nodiscard]] inline awaitable<void> begin_shield() {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::disable_cancellation());
}

/// Cancelling works again.
[[nodiscard]] inline awaitable<void> end_shield() {
    co_await boost::asio::this_coro::reset_cancellation_state(boost::asio::enable_terminal_cancellation());
}

} // namespace kyc::async
