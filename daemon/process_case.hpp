#pragma once
// The life of one case, from the claimed folder to outbox/ or failed/, in one coroutine.

#include "case_world.hpp"
#include "core/failure.hpp"
#include "fs/case_folder.hpp"
#include "ledger/ledger.hpp"
#include "twins.hpp"

#include <optional>

namespace kyc {

/// Where a case starts from. Moved into its coroutine.
struct case_start {
    fs::claimed_case which;
    ledger::case_record record;     ///< a new one, or what the ledger knew
    std::optional<failure> refused; ///< intake's judgement: goes to failed/ as it is
    bool recovered = false;         ///< found in work/ at the start: may hold an answer already
    sending_mark sending;           ///< for cases with the same bytes: this one was sent and has not ended
    in_hand_mark in_hand;           ///< the case counts as open
    async::permit before_receipt;   ///< held until the task id is known: bounds what is claimed but not uploaded
    async::permit unanswered;       ///< held to the end: bounds what is waited for (limits.pending)

    // A constructor, because g++ 12 destroys aggregate temporaries in co_await expressions twice.
    case_start() = default;
};

/// Runs the case to its end. `world` must outlive it. Throws operation_aborted when cancelled by a stop; folder and
/// ledger then say where the next start goes on. Uploads in flight, and writes that follow them, are finished first.
[[nodiscard]] async::awaitable<void> process_case(case_world& world, case_start start);

} // namespace kyc
