#include "async/turns.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace kyc::async {

namespace asio = boost::asio;

turns::place::place(turns& owner, lane which, urgency who)
    : owner_(owner), lane_(which), urgency_(who), timer_(owner.executor_) {
    auto& queue = owner_.queue(lane_);
    const auto is_behind = [](const place* one) { return one->urgency_ == urgency::behind; };
    const auto before = who == urgency::behind ? queue.end() : std::find_if(queue.begin(), queue.end(), is_behind);
    in_queue_ = queue.insert(before, this);
    // Whoever was next and is not any more sleeps on until it is: it sees so when it wakes.
}

turns::place::~place() {
    owner_.queue(lane_).erase(in_queue_);
    owner_.wake_next();
}

awaitable<void> turns::place::sleep_until(std::chrono::steady_clock::time_point time) {
    timer_.expires_at(is_next() ? time : std::chrono::steady_clock::time_point::max());
    // Told from a wake-up, which aborts the timer too, by the coroutine's own state.
    (void)co_await timer_.async_wait(as_result);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw boost::system::system_error(asio::error::operation_aborted);
}

turns::place* turns::next() {
    auto& other = queue(last_ == lane::first ? lane::second : lane::first);
    auto& same = queue(last_);
    const auto leads = [](const auto& line) { return !line.empty() && line.front()->urgency_ == urgency::first; };
    if (leads(same) && !leads(other)) return same.front();
    if (!other.empty()) return other.front();
    return same.empty() ? nullptr : same.front();
}

void turns::wake_next() {
    if (auto* one = next()) one->timer_.cancel();
}

void turns::wake_all() {
    for (auto& queue : queues_) {
        for (auto* one : queue)
            one->timer_.cancel();
    }
}

} // namespace kyc::async
