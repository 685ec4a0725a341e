#pragma once
// A few threads for what blocks: files, hashing, decoding, fsync.

#include "async/awaitable.hpp"
#include "async/worker_threads.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace kyc::async {

/// Its end waits for running work.
class blocking_pool {
  public:
    /// See worker_threads for `niceness`.
    explicit blocking_pool(std::size_t threads, int niceness = 0) : threads_(threads, niceness) {}

    /// Runs `work` on a pool thread and resumes the caller on its own executor with what it returned or threw.
    /// Not cancellable: it always runs to its end. Name the function object before the co_await (g++ 12 destroys a
    /// lambda temporary in that expression twice): `auto work = [..]{..}; co_await pool.run(std::move(work));`
    template<class Work, class Value = std::invoke_result_t<Work&>>
    [[nodiscard]] awaitable<Value> run(Work work) {
        auto outcome =
            co_await boost::asio::async_initiate<decltype(boost::asio::use_awaitable), void(outcome_of<Value>)>(
                starter<Work, Value>{&threads_, &work}, boost::asio::use_awaitable);
        if (outcome.thrown) std::rethrow_exception(outcome.thrown);
        if constexpr (!std::is_void_v<Value>) co_return std::move(*outcome.value);
    }

  private:
    struct nothing {};

    template<class Value>
    struct outcome_of {
        std::optional<std::conditional_t<std::is_void_v<Value>, nothing, Value>> value;
        std::exception_ptr thrown;
    };

    // Pointers only: the coroutine frame keeps the work alive, and g++ 12 handles trivial temporaries correctly.
    template<class Work, class Value>
    struct starter {
        worker_threads* threads;
        Work* work;

        template<class Handler>
        void operator()(Handler&& handler) {
            auto home = boost::asio::get_associated_executor(handler);
            auto busy = boost::asio::prefer(home, boost::asio::execution::outstanding_work.tracked);
            threads->post([work = work, home = std::move(busy), handler = std::forward<Handler>(handler)]() mutable {
                outcome_of<Value> outcome;
                try {
                    if constexpr (std::is_void_v<Value>) {
                        (*work)();
                        outcome.value.emplace();
                    } else {
                        outcome.value.emplace((*work)());
                    }
                } catch (...) {
                    outcome.thrown = std::current_exception();
                }
                boost::asio::post(home, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
                    std::move(handler)(std::move(outcome));
                });
            });
        }
    };

    worker_threads threads_;
};

} // namespace kyc::async
