#include "async/signal.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace kyc::async {

namespace asio = boost::asio;

namespace {

/// Keeps a timer in the list for as long as its wait lasts, however that ends.
class registration {
  public:
    registration(std::list<asio::steady_timer*>& list, asio::steady_timer& timer)
        : list_(list), place_(list.insert(list.end(), &timer)) {}

    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

    ~registration() { list_.erase(place_); }

  private:
    std::list<asio::steady_timer*>& list_;
    std::list<asio::steady_timer*>::iterator place_;
};

} // namespace

signal::signal(const asio::any_io_executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

awaitable<void> signal::wait() {
    // Told from a notice, which aborts the timer too, by the coroutine's own state.
    (void)co_await timer_.async_wait(as_result);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

awaitable<bool> signal::wait_for(std::chrono::steady_clock::duration limit) {
    // A timer of its own, registered with the signal, so that one notify_all() ends every kind of wait.
    asio::steady_timer own(timer_.get_executor(), limit);
    const registration listed(timed_, own);
    const auto before = notified_;
    (void)co_await own.async_wait(as_result);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
    co_return notified_ != before;
}

void signal::notify_all() {
    ++notified_;
    timer_.cancel();
    for (auto* waiting : timed_)
        waiting->cancel();
}

awaitable<void> sleep_for(std::chrono::steady_clock::duration time) {
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace kyc::async
