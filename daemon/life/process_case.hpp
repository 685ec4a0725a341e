#pragma once
// The life of one case, from the claimed folder to outbox/ or failed/; or from its place in outbox/ to a new answer
// there.

#include "core/failure.hpp"
#include "fs/case_folder.hpp"
#include "ledger/ledger.hpp"
#include "life/bulk_case.hpp"
#include "life/case_world.hpp"
#include "life/pending_tasks.hpp"
#include "life/twins.hpp"

#include <memory>
#include <utility>

namespace kyc {

/// Where a case starts from.
struct case_start {
    ledger::case_record record;                 ///< a new one, or what the ledger knew
    std::unique_ptr<const failure> refused;     ///< why it has to go to failed/ as it is; null: it need not
    bool recovered = false;                     ///< of an earlier process: its folder may hold an answer already
    std::unique_ptr<reverify::bulk_case> again; ///< it is verified again where it stands; null: a dropped case
    sending_mark sending;                       ///< with intake.dedupe: this one was sent and has not ended
    in_hand_mark in_hand;                       ///< the case counts as open
    async::permit before_receipt; ///< held until the task id is known: bounds what is claimed but not uploaded
    async::permit unanswered;     ///< held to the end: bounds what is waited for (limits.pending)

    /// A case without a record.
    explicit case_start(fs::claimed_case which);
};

/// Runs the case to its end, or until it has to wait for its task: it is with world.pending then. `world` must outlive
/// it. Throws operation_aborted when cancelled by a stop; folder and ledger then say where the next start goes on.
/// Uploads in flight, and writes that follow them, are finished first.
[[nodiscard]] async::awaitable<void> process_case(case_world& world, case_start start);

/// Goes on likewise with a case that waited, and may ask for its task now.
[[nodiscard]] async::awaitable<void> process_case(std::unique_ptr<case_run> run, poll_leave leave);

} // namespace kyc
