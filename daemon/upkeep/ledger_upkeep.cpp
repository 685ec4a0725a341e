#include "upkeep/ledger_upkeep.hpp"

#include "async/signal.hpp"
#include "ledger/lasting_place.hpp"
#include "life/ended_case.hpp"
#include "life/keep_trying.hpp"
#include "log/log.hpp"
#include "text/words.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr std::chrono::seconds flush_interval{1};
constexpr std::chrono::minutes forget_interval{10};
constexpr std::chrono::minutes learn_interval{1};

/// Folders that are read, and cases that are committed, at a time.
constexpr std::size_t rebuilt_at_a_time = 200;

/// The ledger does that itself; here it is told, and waited for.
async::awaitable<void> until_put_back(case_world& world) {
    auto put_back = [&world]() -> async::awaitable<result<void>> {
        co_await world.ledger.flush();
        if (const auto met = world.ledger.commit_fault()) co_return *met;
        co_return result<void>();
    };
    co_await keep_trying(world, put_back);
    log::error("the ledger " + world.config->ledger.string() +
               " was removed, moved or replaced while it was in use; it is in its place again with all that is in it "
               "(what was put there lies beside it as *.replaced-<n>); stop kycd before the ledger is moved");
}

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
    log::info("the ledger was rebuilt from the folders: " +
              count_words(added, "case that has ended", "cases that have ended"));
}

async::awaitable<void> recall_answer_times(case_world& world) {
    auto read = [&world]() { return world.ledger.answer_times(); };
    const auto kept = co_await keep_trying(world, read);
    for (const auto& [service, learnt] : kept) {
        const bool read_all = world.poll_learners[service].read(learnt);
        if (!read_all)
            log::info("how long answers take is learnt anew, what was kept is of another version",
                      {{"service", service}});
    }
}

void keep_answer_times(case_world& world) {
    for (auto& [service, learner] : world.poll_learners)
        if (learner.to_be_kept()) world.ledger.keep_answer_times(service, learner.times.to_text());
}

async::awaitable<void> keep_ledger(case_world& world) {
    ledger::lasting_place place(world.config->ledger);
    auto look = [&place] { return place.is_lost(); };
    auto next_forget = std::chrono::steady_clock::now();
    auto next_learn = next_forget + learn_interval;
    for (;;) {
        if (std::chrono::steady_clock::now() >= next_forget) {
            const auto kept = world.config->intake.dedupe.value_or(std::chrono::milliseconds(0));
            auto forget = [&world, before = std::chrono::system_clock::now() - kept]() {
                return world.ledger.forget_answers(before);
            };
            co_await keep_trying(world, forget);
            next_forget = std::chrono::steady_clock::now() + forget_interval;
        }
        if (std::chrono::steady_clock::now() >= next_learn) {
            keep_answer_times(world);
            next_learn = std::chrono::steady_clock::now() + learn_interval;
        }
        co_await async::sleep_for(flush_interval);
        const bool is_lost = co_await world.pool.run(look);
        co_await world.ledger.flush();
        if (!is_lost) continue;
        co_await until_put_back(world);
        place = ledger::lasting_place(world.config->ledger);
    }
}

} // namespace kyc
