#include "ledger_upkeep.hpp"

#include "async/signal.hpp"
#include "ended_case.hpp"
#include "keep_trying.hpp"
#include "log.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr std::chrono::seconds flush_interval{1};
constexpr std::chrono::minutes forget_interval{10};

/// Folders that are read, and cases that are committed, at a time.
constexpr std::size_t rebuilt_at_a_time = 200;

} // namespace

async::awaitable<void> rebuild_history(case_world& world) {
    auto list = [&world]() { return fs::list_ended(world.layout); };
    const auto places = co_await keep_trying_on_pool(world, list);
    std::size_t added = 0;
    for (std::size_t from = 0; from < places.size(); from += rebuilt_at_a_time) {
        auto read = [&places, from] {
            std::vector<ledger::case_history> cases;
            const auto to = std::min(places.size(), from + rebuilt_at_a_time);
            for (auto i = from; i < to; ++i)
                if (auto ended = ended_case_in(places[i])) {
                    ended->end.reply.clear(); // not kept without knowing what it answered
                    cases.push_back(std::move(*ended));
                }
            return cases;
        };
        const auto cases = co_await world.pool.run(read);
        auto add = [&world, &cases]() { return world.ledger.add_ended(cases); };
        added += co_await keep_trying(world, add);
    }
    auto done = [&world]() { return world.ledger.rebuilt(); };
    co_await keep_trying(world, done);
    log::info("the ledger was rebuilt from the folders: " + std::to_string(added) + " cases that have ended");
}

async::awaitable<void> keep_ledger(case_world& world) {
    auto next_forget = std::chrono::steady_clock::now();
    for (;;) {
        if (std::chrono::steady_clock::now() >= next_forget) {
            const auto kept = world.config->intake.dedupe.value_or(std::chrono::milliseconds(0));
            auto forget = [&world, before = std::chrono::system_clock::now() - kept]() {
                return world.ledger.forget_answers(before);
            };
            co_await keep_trying(world, forget);
            next_forget = std::chrono::steady_clock::now() + forget_interval;
        }
        co_await async::sleep_for(flush_interval);
        co_await world.ledger.flush();
    }
}

} // namespace kyc
