#include "async/permits.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace kyc::async {

namespace asio = boost::asio;

permit::permit(permit&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)), count_(std::exchange(other.count_, 0)) {}

permit& permit::operator=(permit&& other) noexcept {
    if (this != &other) {
        release();
        owner_ = std::exchange(other.owner_, nullptr);
        count_ = std::exchange(other.count_, 0);
    }
    return *this;
}

permit::~permit() {
    release();
}

void permit::release() noexcept {
    if (auto* owner = std::exchange(owner_, nullptr)) owner->give_back(std::exchange(count_, 0));
}

/// One coroutine in the queue. serve() hands the permits over before it wakes the waiter, so no wake-up can be lost:
/// whoever is cancelled in the same turn gives them back in the destructor.
struct permits::waiter {
    waiter(permits& owner_, std::uint64_t wanted, urgency who_)
        : owner(owner_), timer(owner_.executor_, asio::steady_timer::time_point::max()), count(wanted), who(who_),
          place(owner_.queue_.insert(owner_.place_for(who_), this)) {}

    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;

    ~waiter() {
        if (served) {
            if (!taken) owner.give_back(count);
        } else {
            owner.queue_.erase(place);
            owner.serve(); // a large request that gave up may have stood before small ones that fit
        }
    }

    permits& owner;
    asio::steady_timer timer;
    std::uint64_t count;
    urgency who;
    std::list<waiter*>::iterator place;
    bool served = false;
    bool taken = false;
};

permits::permits(const asio::any_io_executor& executor, std::uint64_t limit) : executor_(executor), limit_(limit) {}

permits::~permits() = default;

bool permits::fits(std::uint64_t count) const {
    return used_ == 0 || (used_ < limit_ && count <= limit_ - used_);
}

/// Behind everybody of the same urgency, and before those who are behind them.
std::list<permits::waiter*>::iterator permits::place_for(urgency who) {
    if (who == urgency::behind) return queue_.end();
    const auto is_behind = [](const waiter* one) { return one->who == urgency::behind; };
    return std::find_if(queue_.begin(), queue_.end(), is_behind);
}

awaitable<permit> permits::acquire(std::uint64_t count, urgency who) {
    if (place_for(who) == queue_.begin() && fits(count)) {
        used_ += count;
        co_return permit(*this, count);
    }
    waiter self(*this, count, who);
    (void)co_await self.timer.async_wait(as_result);
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none || !self.served)
        throw boost::system::system_error(asio::error::operation_aborted);
    self.taken = true;
    co_return permit(*this, count);
}

void permits::set_limit(std::uint64_t limit) {
    limit_ = limit;
    serve();
}

std::size_t permits::waiting() const {
    return queue_.size();
}

std::size_t permits::waiting_first() const {
    const auto goes_first = [](const waiter* one) { return one->who == urgency::first; };
    return static_cast<std::size_t>(std::count_if(queue_.begin(), queue_.end(), goes_first));
}

void permits::give_back(std::uint64_t count) noexcept {
    used_ -= count;
    serve();
}

void permits::serve() {
    while (!queue_.empty() && fits(queue_.front()->count)) {
        auto* next = queue_.front();
        queue_.pop_front();
        used_ += next->count;
        next->served = true;
        next->timer.cancel();
    }
}

} // namespace kyc::async
