#pragma once
// A ticket's report in outbox/reverify/, from what the ledger has of its cases.

#include "async/awaitable.hpp"

namespace kyc {
struct case_world;
}

namespace kyc::reverify {

struct running_ticket;

/// Writes the report of a ticket as it stands, in the place of the one before, and notes its folder in `which.about`,
/// durably and before there is anything in it. Whether it is there now; if not, the log and `which.patience` say why,
/// and a call does nothing before that allows the next try. Loop's thread; files are written on the pool.
[[nodiscard]] async::awaitable<bool> write_ticket_report(case_world& world, running_ticket& which);

} // namespace kyc::reverify
