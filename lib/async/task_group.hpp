#pragma once
// The only place that spawns coroutines: so that every one of them is known, joined and never lost in silence.

#include "async/awaitable.hpp"
#include "async/signal.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <exception>
#include <functional>
#include <list>

namespace kyc::async {

/// Owns running coroutines. Destroy it only when empty (after join()). Loop's thread only.
class task_group {
  public:
    /// Called with what a task threw, other than operation_aborted after cancel(); it may not throw.
    using on_exception = std::function<void(std::exception_ptr)>;

    task_group(const boost::asio::any_io_executor& executor, on_exception handler);
    ~task_group();
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    /// Starts a coroutine (posted, not run at once). Its parameters must be values or outlive the group.
    void spawn(awaitable<void> task);

    /// Asks all tasks to end: terminal cancellation. Tasks spawned afterwards are not cancelled.
    void cancel();

    /// Suspends until no task is left.
    [[nodiscard]] awaitable<void> join();

    [[nodiscard]] std::size_t size() const { return running_.size(); }

  private:
    boost::asio::any_io_executor executor_;
    on_exception handler_;
    std::list<boost::asio::cancellation_signal> running_;
    signal empty_;
};

} // namespace kyc::async
