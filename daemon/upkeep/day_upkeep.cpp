#include "upkeep/day_upkeep.hpp"

#include "async/signal.hpp"
#include "ledger/reader.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

using std::chrono::system_clock;

namespace {

constexpr std::chrono::seconds between_looks{10};

/// As far back as anything is told of it.
constexpr std::chrono::hours recalled{24};

/// What is read in one go: a stop waits for no more.
constexpr std::chrono::hours slice{1};

/// What the ledger says of the last day.
struct earlier_day {
    admin::history history;
    admin::recent_failures failures;
    std::string trouble; ///< why it is not all there
};

void add(earlier_day& into, const service_table& services, const ledger::ended_case& each) {
    if (each.state == ledger::case_state::delivered) {
        // When it was dropped is nowhere on disk; it was claimed soon after, or there was a backlog.
        const auto took = std::max(each.ended_at - each.taken_at, system_clock::duration(0));
        into.history.delivered(each.ended_at, std::chrono::duration_cast<std::chrono::milliseconds>(took));
        return;
    }
    into.history.failed(each.ended_at);
    const auto code = failure_code_from(each.word);
    if (!code) return;
    const auto name = each.key.name.empty() ? std::string() : each.key.folder + "/" + each.key.name;
    into.failures.add(each.ended_at, *code, service_name(services, each.service), name);
}

} // namespace

std::uint64_t backlog_of(const census& stands) {
    std::uint64_t sum = 0;
    for (const auto phase :
         {case_phase::waiting, case_phase::claimed, case_phase::sending, case_phase::pending, case_phase::delivering})
        sum += stands.count(phase);
    return sum;
}

async::awaitable<void> recall_day(case_world& world) {
    const auto config = world.config;
    const auto until = world.day.started;
    earlier_day day;
    auto open = [&config] { return ledger::open_reader(config->ledger); };
    const auto opened = co_await world.pool.run(open);
    if (!opened) day.trouble = opened.error();
    const auto visit = [&](const ledger::ended_case& each) { add(day, config->services, each); };
    for (auto from = until - recalled; opened && *opened && from < until && day.trouble.empty(); from += slice) {
        auto read = [&] { return (**opened)->ended(from, std::min(from + slice, until), visit); };
        const auto done = co_await world.pool.run(read);
        if (!done) day.trouble = done.error();
    }
    world.day.history.take_over(std::move(day.history));
    world.day.failures.take_over(day.failures);
    if (!day.trouble.empty()) log::warning("the last day's figures are not all there: " + day.trouble);
}

async::awaitable<void> note_backlog(case_world& world) {
    for (;;) {
        world.day.history.backlog(system_clock::now(), backlog_of(world.day.stands));
        co_await async::sleep_for(between_looks);
    }
}

} // namespace kyc
