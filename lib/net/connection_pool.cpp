#include "net/connection_pool.hpp"

#include <algorithm>

namespace kyc::net {

connection_pool::connection_pool(const boost::asio::any_io_executor& loop, std::size_t threads, std::size_t most)
    : most_(most) {
    shelves_.emplace_back(loop);
    while (shelves_.size() < threads)
        shelves_.emplace_back();
}

/// Small requests stay on the loop's thread if they can; large ones go where the least is to be done, which the loop's
/// thread has last.
bool connection_pool::better(const shelf& one, const shelf& other, load what) {
    if (what == load::small && one.on.is_the_loop() != other.on.is_the_loop()) return one.on.is_the_loop();
    if (one.burden() != other.burden()) return one.burden() < other.burden();
    return !one.on.is_the_loop() && other.on.is_the_loop();
}

std::optional<carried_connection> connection_pool::take(load what, clock::duration longest) {
    sweep();
    for (;;) {
        shelf* best = nullptr;
        auto least = shelves_.front().burden();
        for (auto& each : shelves_) {
            least = std::min(least, each.burden());
            if (!each.idle.empty() && (best == nullptr || better(each, *best, what))) best = &each;
        }
        if (best == nullptr || (what == load::large && best->burden() > least)) return std::nullopt;
        auto newest = std::move(best->idle.back());
        best->idle.pop_back();
        if (clock::now() - newest.since <= longest && newest.line.reusable()) return std::move(newest.line);
    }
}

carrier& connection_pool::place_for(load what) {
    std::size_t open = 0;
    shelf* best = &shelves_.front(); // the loop's is always there
    shelf* oldest = nullptr;
    for (auto& each : shelves_) {
        open += each.on.connections();
        if (better(each, *best, what)) best = &each;
        if (each.idle.empty()) continue;
        if (oldest == nullptr || each.idle.front().since < oldest->idle.front().since) oldest = &each;
    }
    if (open >= most_ && oldest != nullptr) oldest->idle.pop_front();
    return best->on;
}

void connection_pool::keep(carried_connection line) {
    sweep();
    if (!line.reusable()) return;
    const auto own = std::ranges::find_if(shelves_, [&line](const shelf& each) { return &each.on == &line.on(); });
    own->idle.emplace_back(std::move(line), clock::now());
}

void connection_pool::clear() {
    for (auto& each : shelves_)
        each.idle.clear();
}

std::size_t connection_pool::size() const {
    std::size_t sum = 0;
    for (const auto& each : shelves_)
        sum += each.idle.size();
    return sum;
}

std::size_t connection_pool::open() const {
    std::size_t sum = 0;
    for (const auto& each : shelves_)
        sum += each.on.connections();
    return sum;
}

void connection_pool::sweep() {
    for (auto& each : shelves_)
        std::erase_if(each.idle, [now = clock::now()](const idle_connection& one) { return one.until <= now; });
}

} // namespace kyc::net
