#include "reverify/running_ticket.hpp"

#include "core/fault_point.hpp"
#include "life/fault_words.hpp"
#include "life/keep_trying.hpp"

namespace kyc::reverify {

namespace {

/// Rows that are read by one piece of work: live cases wait for the ledger meanwhile.
constexpr std::size_t rows_at_a_time = 500;

} // namespace

log::fields about(const running_ticket& which) {
    return {{"ticket", which.about.name}};
}

void lose_patience(const case_world& world, running_ticket& which, const std::string& what, const fault& met) {
    which.patience.failed(what + ": " + fault_words(met, world.layout, {}, world.config->services).words,
                          std::chrono::steady_clock::now(), std::chrono::system_clock::now());
}

async::awaitable<void> put_on_record(case_world& world, running_ticket& which) {
    auto step = [&world, &which]() { return world.ledger.tickets().put_ticket(which.about); };
    which.about.id = co_await keep_trying(world, step);
    fault_point("ticket.recorded", which.about.name);
}

async::awaitable<std::vector<ledger::ticket_case>> rows_behind(case_world& world, const running_ticket& which,
                                                               std::uint64_t after, bool waiting) {
    auto read = [&world, &which, after, waiting]() {
        return world.ledger.tickets().ticket_cases(which.about.id, after, rows_at_a_time, waiting);
    };
    co_return co_await keep_trying(world, read);
}

} // namespace kyc::reverify
