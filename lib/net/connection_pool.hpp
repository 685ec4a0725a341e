#pragma once
// Kept connections, by the thread they live on, and the choice among threads.

#include "net/carrier.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

namespace kyc::net {

/// Loop's thread only. Connections that were taken end before the pool does.
class connection_pool {
  public:
    using clock = deadline::clock;

    /// `threads` at least 1: the loop's, and so many beside it. Never more than `most` connections are open as long as
    /// no more are in use. Throws std::system_error when the system gives no thread.
    connection_pool(const boost::asio::any_io_executor& loop, std::size_t threads, std::size_t most);

    /// How much a request brings with it: a small one is not worth changing threads for.
    enum class load { small, large };

    /// A kept one that has not lain idle for longer than that, the one used last first. None also for a large request
    /// when the threads that have one do more than others, which have none.
    [[nodiscard]] std::optional<carried_connection> take(load what, clock::duration longest);

    /// Where a new one should live. When as many are open as may be, the one unused longest is closed for it.
    [[nodiscard]] carrier& place_for(load what);

    /// Until it is taken again, or its patience has run out; not if it cannot carry another request.
    void keep(carried_connection line);

    void clear();

    /// Kept ones.
    [[nodiscard]] std::size_t size() const;

    /// All that live, those in use included.
    [[nodiscard]] std::size_t open() const;

  private:
    /// With two threads this makes both do about the same: in the whole daemon the loop's thread needs 0.6 ms for a
    /// case beside the 0.7 ms of an upload's TLS.
    static constexpr std::size_t weight_on_the_loop = 3;

    struct idle_connection {
        idle_connection(carried_connection line_, clock::time_point since_)
            : line(std::move(line_)), since(since_), until(since_ + line.patience()) {}

        carried_connection line;
        clock::time_point since;
        clock::time_point until; ///< past it the server may be closing it just now
    };

    struct shelf {
        carrier on;
        std::deque<idle_connection> idle; ///< the longest unused first

        shelf() = default;

        explicit shelf(const boost::asio::any_io_executor& loop) : on(loop) {}

        /// Connections in use; those of the loop's thread, which has all the rest of a case to do, weigh more.
        [[nodiscard]] std::size_t burden() const {
            return (on.connections() - idle.size()) * (on.is_the_loop() ? weight_on_the_loop : 1);
        }
    };

    [[nodiscard]] static bool better(const shelf& one, const shelf& other, load what);
    void sweep();

    std::size_t most_;
    std::deque<shelf> shelves_; ///< the loop's first
};

} // namespace kyc::net
