#include "day_upkeep.hpp"

#include "async/signal.hpp"
#include "ledger/reader.hpp"
#include "log.hpp"

#include <algorithm>

namespace kyc {

using std::chrono::system_clock;

namespace {

constexpr std::chrono::seconds between_looks{10};

/// As far back as anything is told of it.
constexpr std::chrono::hours recalled{24};

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

earlier_day read_day(const std::filesystem::path& file, const service_table& services, system_clock::time_point until) {
    earlier_day day;
    const auto opened = ledger::open_reader(file);
    if (!opened) {
        day.trouble = opened.error();
        return day;
    }
    if (!*opened) return day;
    const auto visit = [&](const ledger::ended_case& each) { add(day, services, each); };
    const auto read = (**opened)->ended(until - recalled, until, visit);
    if (!read) day.trouble = read.error();
    return day;
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
    auto read = [&config, until = world.day.started] { return read_day(config->ledger, config->services, until); };
    const auto day = co_await world.pool.run(read);
    world.day.history.take_over(day.history);
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
