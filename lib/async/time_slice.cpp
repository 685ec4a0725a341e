#include "async/time_slice.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

namespace kyc::async {

awaitable<void> time_slice::give_way() {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    begun_ = std::chrono::steady_clock::now();
}

} // namespace kyc::async
