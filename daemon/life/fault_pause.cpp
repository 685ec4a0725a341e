#include "life/fault_pause.hpp"

#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

constexpr std::chrono::seconds longest_delay{5};

} // namespace

public_fault fault_pause::tell(const fault& met) const {
    return words_ ? words_(met) : public_fault{met.code.message(), false};
}

void fault_pause::join(const which& fault_met, const fault& what, public_fault told) {
    auto [place, begins] = ongoing_.try_emplace(fault_met);
    auto& entry = place->second;
    ++entry.waiting;
    if (!begins) return;
    entry.words = what.message();
    entry.told = std::move(told);
    entry.since = std::chrono::system_clock::now();
    log::error("paused by a fault of the system: " + entry.words + "; every case is kept, kycd tries again by itself");
}

void fault_pause::leave(std::optional<which>& fault_met) {
    if (!fault_met) return;
    const auto place = ongoing_.find(*fault_met);
    fault_met.reset();
    if (place == ongoing_.end()) return; // over already
    if (--place->second.waiting == 0) over(place->first, "nothing waits any more for: ");
}

void fault_pause::over(const which& fault_met, const char* how) {
    const auto place = ongoing_.find(fault_met);
    if (place == ongoing_.end()) return;
    log::info(how + place->second.words + " (" + std::to_string(place->second.rounds) + " tries)");
    ongoing_.erase(place);
    changed_.notify_all();
}

bool fault_pause::holds_up_all() const {
    const auto is_wide = [](const auto& each) { return !each.second.told.of_one_folder; };
    return !worked_since_ && std::any_of(ongoing_.begin(), ongoing_.end(), is_wide);
}

std::vector<fault_pause::state> fault_pause::now() const {
    std::vector<state> list;
    for (const auto& [met, each] : ongoing_)
        list.push_back({{met.first, std::system_category()}, each.told.words, each.since, each.rounds, each.waiting});
    return list;
}

async::awaitable<void> fault_pause::wait_for_change(std::chrono::milliseconds limit) {
    (void)co_await changed_.wait_for(limit);
}

async::awaitable<void> fault_pause::waiter::wait(fault what) {
    auto told = owner_.tell(what);
    const which met(what.code.value(), told.of_one_folder ? told.words : std::string());
    if (!told.of_one_folder) owner_.worked_since_ = false;
    if (met_ != met) {
        owner_.leave(met_);
        owner_.join(met, what, told);
        met_ = met;
    }
    auto found = owner_.ongoing_.find(met);
    if (found == owner_.ongoing_.end()) { // somebody found it over, but it is not
        owner_.join(met, what, std::move(told));
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
    if (!met_) return;
    const auto met = *std::exchange(met_, std::nullopt);
    owner_.over(met, "goes on, what it waited for is over: ");
}

} // namespace kyc
