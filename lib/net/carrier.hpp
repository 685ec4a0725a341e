#pragma once
// The threads that connections live on. With one it is the loop's own, and nothing ever changes threads.

#include "async/awaitable.hpp"
#include "async/run_on.hpp"
#include "async/side_loop.hpp"
#include "net/connection.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace kyc::net {

/// The loop's thread, or one beside it. To be used on the loop's thread; must outlive its connections.
class carrier {
  public:
    /// The loop itself.
    explicit carrier(boost::asio::any_io_executor loop) : executor_(std::move(loop)) {}

    /// A thread of its own.
    carrier() : beside_(std::in_place, "kycd-carrier"), executor_(beside_->executor()) {}

    carrier(const carrier&) = delete;
    carrier& operator=(const carrier&) = delete;

    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

    [[nodiscard]] bool is_the_loop() const { return !beside_; }

    /// Connections that live here.
    [[nodiscard]] std::size_t connections() const { return connections_; }

    /// The work as it is where this is the loop, else wrapped so that it runs on the thread beside.
    template<class T>
    [[nodiscard]] async::awaitable<T> run(async::awaitable<T> work) {
        if (is_the_loop()) return work;
        return async::run_on(executor_, std::move(work));
    }

  private:
    friend class carried_connection;

    std::optional<async::side_loop> beside_;
    boost::asio::any_io_executor executor_;
    std::size_t connections_ = 0;
};

/// A connection together with its thread. Its calls are those of `connection`, made on the loop's thread: what has to
/// run on the other one does, its destruction included.
class carried_connection {
  public:
    /// `line` was made for the carrier's executor.
    carried_connection(carrier& on, std::unique_ptr<connection> line);
    carried_connection(carried_connection&& other) noexcept = default;
    carried_connection& operator=(carried_connection&& other) noexcept;
    ~carried_connection();

    [[nodiscard]] carrier& on() const { return *on_; }

    [[nodiscard]] async::awaitable<opening> open(std::vector<boost::asio::ip::tcp::endpoint> addresses,
                                                 deadline::clock::time_point end);

    void give_up() { line_->give_up(); }

    /// `head` and `body` have to live until it has ended.
    [[nodiscard]] async::awaitable<exchange>
    carry(std::string_view head, const std::vector<boost::asio::const_buffer>& body, deadline::clock::time_point end);

    [[nodiscard]] bool reusable() const { return line_->reusable(); }

    [[nodiscard]] std::chrono::milliseconds patience() const { return line_->patience(); }

  private:
    void end() noexcept;

    carrier* on_;
    std::unique_ptr<connection> line_;
};

} // namespace kyc::net
