#include "async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <cassert>

namespace kyc::async {

namespace asio = boost::asio;

namespace {

bool is_abort(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const boost::system::system_error& error) {
        return error.code() == asio::error::operation_aborted;
    } catch (...) {
        return false;
    }
}

} // namespace

task_group::task_group(const asio::any_io_executor& executor, on_exception handler)
    : executor_(executor), handler_(std::move(handler)), empty_(executor) {}

task_group::~task_group() {
    assert(running_.empty() && "a task_group was destroyed before join()");
}

void task_group::spawn(awaitable<void> task) {
    const auto place = running_.emplace(running_.end());
    asio::co_spawn(executor_, std::move(task),
                   asio::bind_cancellation_slot(place->slot(), [this, place](const std::exception_ptr& thrown) {
                       running_.erase(place);
                       if (thrown && !is_abort(thrown)) handler_(thrown);
                       if (running_.empty()) empty_.notify_all();
                   }));
}

void task_group::cancel() {
    // A handler may end a task, and with it its list element, while the list is walked.
    for (auto place = running_.begin(); place != running_.end();) {
        auto& signal = *place++;
        signal.emit(asio::cancellation_type::terminal);
    }
}

awaitable<void> task_group::join() {
    while (!running_.empty())
        co_await empty_.wait();
}

} // namespace kyc::async
