// What a case costs to be counted: all that the daemon notes of one that is delivered, from the drop to the outbox,
// with nothing else around it. Prints nanoseconds a case, the best of several rounds.

#include "figures/day_book.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

using namespace kyc;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using std::chrono::system_clock;

namespace {

constexpr int rounds = 10;
constexpr int cases = 100'000;
constexpr int cases_per_second = 500;

/// As if its drop had been in second `second`, and each step of it a second later.
void live(day_book& day, const std::string& service, census::service_id id, epoch_seconds second) {
    census::stand where{second, id, case_phase::waiting};
    day.stands.add(where);
    for (const auto phase : {case_phase::claimed, case_phase::sending, case_phase::pending, case_phase::delivering}) {
        day.stands.remove(where);
        where = {where.since + 1, id, phase};
        day.stands.add(where);
    }
    day.stands.remove(where);
    const auto dropped = system_clock::now() - milliseconds(second % 7919);
    day.claimed(service, dropped);
    day.metrics.attempted(service, lane::live, ledger::attempt_outcome::accepted);
    day.submitted(service, milliseconds(second % 499));
    day.metrics.polled(service, lane::live, poll_outcome::waiting);
    day.metrics.polled(service, lane::live, poll_outcome::answered);
    day.metrics.answered(service, milliseconds(second % 3989));
    day.delivered(service, verdict::pass, milliseconds(second % 97), dropped);
}

} // namespace

int main() {
    day_book day(service_table(), system_clock::now());
    const std::string service = "face_liveness";
    const auto id = day.stands.id_of(service);
    auto best = steady_clock::duration::max();
    auto second = to_epoch_seconds(system_clock::now());
    for (int round = 0; round < rounds; ++round) {
        const auto began = steady_clock::now();
        for (int i = 0; i < cases; ++i) {
            if (i % cases_per_second == 0) ++second;
            live(day, service, id, second);
        }
        best = std::min(best, steady_clock::now() - began);
    }
    std::cout << std::chrono::nanoseconds(best).count() / cases << "\n";
}
