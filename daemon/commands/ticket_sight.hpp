#pragma once
// The tickets that have not ended, as far as they can be told from outside: by the daemon, else by the ledger and the
// inbox.

#include "commands/spool_view.hpp"
#include "told/told_tickets.hpp"

#include <vector>

namespace kyc {

/// Of a daemon that does not say, or none, every ticket that would run is "stopped". What cannot be read is among the
/// view's troubles. Blocking.
[[nodiscard]] std::vector<told_ticket> tickets_of(spool_view& view);

} // namespace kyc
