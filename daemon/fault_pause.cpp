#include "fault_pause.hpp"

#include "async/signal.hpp"
#include "log.hpp"

#include <algorithm>

namespace kyc {

async::awaitable<void> fault_pause::wait(fault what) {
    auto [place, begins] = ongoing_.try_emplace(what.code.value());
    auto& entry = place->second;
    ++entry.times;
    if (begins) {
        entry.words = what.message();
        log::error("paused by a fault of the system: " + entry.words +
                   "; every case is kept, kycd tries again by itself");
    }
    const auto delay = entry.delay;
    entry.delay = std::min(entry.delay * 2, std::chrono::seconds(30));
    co_await async::sleep_for(delay);
}

void fault_pause::cleared(const fault& what) {
    const auto place = ongoing_.find(what.code.value());
    if (place == ongoing_.end()) return;
    log::info("goes on: " + place->second.words + " is over after " + std::to_string(place->second.times) + " tries");
    ongoing_.erase(place);
}

std::string fault_pause::describe() const {
    return ongoing_.empty() ? std::string() : ongoing_.begin()->second.words;
}

} // namespace kyc
