#pragma once
// What `why` finds out about a wait that neither the ledger nor the daemon tells. Blocking.

#include "commands/spool_view.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace kyc {

/// Where an entry stands in line, as far as the inbox shows it: "; it is number 2 of 5 in the inbox, behind 1 case of
/// high priority". Empty when it is not there any more.
[[nodiscard]] std::string place_in_line(const spool_view& view, const fs::inbox_entry& entry);

/// Whether an open case of the same service was sent with images that all lie in this one's folder, too: with
/// intake.dedupe it waits for that one's answer. Nothing else tells of it before its own first attempt.
[[nodiscard]] bool has_twin_on_its_way(const spool_view& view, const found_place& place);

/// From a poll of a task of that age (0: from its receipt) to the next one, but for the daemon's dice. The view has a
/// ledger.
[[nodiscard]] std::chrono::milliseconds usual_wait(const spool_view& view, const std::string& service,
                                                   std::size_t polls, std::chrono::milliseconds age);

} // namespace kyc
