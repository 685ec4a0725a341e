#pragma once
// The coroutine type of kycd and the completion token that never throws.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace kyc::async {

template<class T>
using awaitable = boost::asio::awaitable<T>;

/// Completes with a tuple that begins with the error code, instead of throwing.
inline constexpr auto as_result = boost::asio::as_tuple(boost::asio::use_awaitable);

} // namespace kyc::async
