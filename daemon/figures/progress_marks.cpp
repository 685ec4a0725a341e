#include "figures/progress_marks.hpp"

#include "async/signal.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

constexpr std::chrono::seconds between_beats{1};

/// A loop that is late by so much is busy beyond all measure. One that stands still altogether answers no question:
/// nobody feeds the watchdog then.
constexpr std::chrono::seconds loop_patience{10};

} // namespace

progress_marks::progress_marks() {
    watch("loop", loop_patience, [this](clock::time_point now) { return loop_.still_since(now); });
}

void progress_marks::watch(std::string name, std::chrono::seconds patience, question since) {
    parts_.push_back({std::move(name), patience, std::move(since)});
}

async::awaitable<void> progress_marks::beat() {
    progress_mark::again turns(loop_);
    for (;;) {
        turns.due(clock::now() + between_beats);
        co_await async::sleep_for(between_beats);
    }
}

std::vector<progress_marks::state> progress_marks::look(clock::time_point now) const {
    std::vector<state> states;
    for (const auto& each : parts_) {
        const auto since = each.since(now);
        const auto still = since ? std::max(now - *since, clock::duration::zero()) : clock::duration::zero();
        states.push_back({each.name, std::chrono::floor<std::chrono::seconds>(still), still > each.patience});
    }
    return states;
}

std::string progress_marks::stuck(clock::time_point now) const {
    std::string words;
    for (const auto& each : look(now)) {
        if (!each.stuck) continue;
        words += (words.empty() ? "" : "; ") + each.name + ": " + to_words(each);
    }
    return words;
}

std::string to_words(const progress_marks::state& stuck) {
    return "has not moved for " + std::to_string(stuck.still_for.count()) + " s";
}

} // namespace kyc
