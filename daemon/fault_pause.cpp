#include "fault_pause.hpp"

#include "log.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr std::chrono::seconds longest_delay{5};

} // namespace

void fault_pause::join(int errno_value, const fault& what) {
    auto [place, begins] = ongoing_.try_emplace(errno_value);
    auto& entry = place->second;
    ++entry.waiting;
    if (!begins) return;
    entry.words = what.message();
    entry.public_words = words_ ? words_(what) : what.code.message();
    entry.since = std::chrono::system_clock::now();
    log::error("paused by a fault of the system: " + entry.words + "; every case is kept, kycd tries again by itself");
}

void fault_pause::leave(std::optional<int>& errno_value) {
    if (!errno_value) return;
    const auto place = ongoing_.find(*errno_value);
    errno_value.reset();
    if (place == ongoing_.end()) return; // over already
    if (--place->second.waiting == 0) over(place->first, "nothing waits any more for: ");
}

void fault_pause::over(int errno_value, const char* how) {
    const auto place = ongoing_.find(errno_value);
    if (place == ongoing_.end()) return;
    log::info(how + place->second.words + " (" + std::to_string(place->second.rounds) + " tries)");
    ongoing_.erase(place);
    changed_.notify_all();
}

std::vector<fault_pause::state> fault_pause::now() const {
    std::vector<state> list;
    for (const auto& [number, each] : ongoing_)
        list.push_back({{number, std::system_category()}, each.public_words, each.since, each.rounds, each.waiting});
    return list;
}

async::awaitable<void> fault_pause::wait_for_change(std::chrono::milliseconds limit) {
    (void)co_await changed_.wait_for(limit);
}

async::awaitable<void> fault_pause::waiter::wait(fault what) {
    const int met = what.code.value();
    owner_.worked_since_ = false;
    if (errno_ != met) {
        owner_.leave(errno_);
        owner_.join(met, what);
        errno_ = met;
    }
    auto found = owner_.ongoing_.find(met);
    if (found == owner_.ongoing_.end()) { // somebody found it over, but it is not
        owner_.join(met, what);
        found = owner_.ongoing_.find(met);
    }
    auto& entry = found->second;
    const auto now = std::chrono::steady_clock::now();
    if (now >= entry.round_ends) { // one delay for all that wait, not one for each
        entry.delay = std::clamp(entry.delay * 2, std::chrono::seconds(1), longest_delay);
        entry.round_ends = now + entry.delay;
        ++entry.rounds;
    }
    (void)co_await owner_.changed_.wait_for(entry.round_ends - now);
}

void fault_pause::waiter::worked() {
    owner_.worked_since_ = true;
    if (!errno_) return;
    const int met = *errno_;
    errno_.reset();
    owner_.over(met, "goes on, what it waited for is over: ");
}

} // namespace kyc
