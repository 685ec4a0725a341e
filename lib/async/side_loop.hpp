#pragma once
// A loop beside the program's own, on a thread of its own.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace kyc::async {

/// What throws in a handler there ends the program. No signal that is sent to the process is delivered to its thread.
class side_loop {
  public:
    /// Throws std::system_error when the system gives no thread. `name` is for whoever looks at the threads; at most 15
    /// characters.
    explicit side_loop(const char* name);

    /// Waits until nothing is left to do there.
    ~side_loop();

    side_loop(const side_loop&) = delete;
    side_loop& operator=(const side_loop&) = delete;

    [[nodiscard]] boost::asio::any_io_executor executor() { return loop_.get_executor(); }

  private:
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_{loop_.get_executor()};
    std::thread thread_;
};

} // namespace kyc::async
