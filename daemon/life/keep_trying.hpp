#pragma once
// Steps that meet the system's trouble are repeated until they work: the one place that says how.

#include "life/case_world.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cerrno>
#include <type_traits>
#include <utility>

namespace kyc {

/// Repeats a step that can meet the system's trouble until it works, through the fault pause. `step` is called again
/// for each try and returns awaitable<result<T>>. A stop ends it with operation_aborted, but only after a try that
/// failed.
template<class Step>
[[nodiscard]] auto keep_trying(case_world& world, Step& step)
    -> async::awaitable<typename std::invoke_result_t<Step&>::value_type::value_type> {
    fault_pause::waiter patience(world.faults);
    for (;;) {
        auto done = co_await step();
        if (done) {
            patience.worked();
            if constexpr (std::is_void_v<typename std::invoke_result_t<Step&>::value_type::value_type>) {
                co_return;
            } else {
                co_return std::move(*done);
            }
        }
        if (done.error().code.value() == ENOTRECOVERABLE) world.ledger_damaged(done.error().message());
        if (world.stopping) throw boost::system::system_error(boost::asio::error::operation_aborted);
        co_await patience.wait(done.error());
    }
}

/// keep_trying() for blocking work on the pool: `work` returns result<T>.
template<class Work>
[[nodiscard]] auto keep_trying_on_pool(case_world& world, Work& work)
    -> async::awaitable<typename std::invoke_result_t<Work&>::value_type> {
    auto step = [&world, &work]() {
        auto call = [&work] { return work(); };
        return world.pool.run(call);
    };
    co_return co_await keep_trying(world, step);
}

} // namespace kyc
