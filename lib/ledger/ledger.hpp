#pragma once
// The durable record of what was said to the API about each open case (design section 7), behind one narrow interface.

#include "async/awaitable.hpp"
#include "core/case_key.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kyc::async {
class blocking_pool;
}

namespace kyc::ledger {

/// What is known of one open case. A case in work/ without a record was never about to be sent.
struct case_record {
    case_key key;
    std::string service; ///< canonical
    std::string lane = "live";
    std::vector<file_facts> files; ///< as sent in the last attempt
    std::uint32_t attempts =
        0; ///< submits that were about to be sent and may have been accepted, the refused ones included
    bool outcome_known = true; ///< false: the last attempt was about to be sent and what came of it is not known (yet)
    std::string task_id;       ///< empty until there is a receipt
    utc_time submitted_at{};   ///< of the last receipt
    std::uint32_t polls = 0;   ///< of tasks that ended; an estimate after a crash
    std::uint32_t failed_tasks = 0; ///< tasks that ended FAILURE
};

/// Where the records are. One writer: the daemon. Loop's thread only; calls for different cases may overlap and then
/// share a commit, calls for one case may not overlap.
class ledger {
  public:
    virtual ~ledger() = default;

    /// The records of all open cases, for the start.
    [[nodiscard]] virtual async::awaitable<result<std::vector<case_record>>> recover() = 0;

    /// Durable when it returns: the case's record is exactly this. Called before each submit (with outcome_known
    /// false), after each receipt, and when a task ended FAILURE. A fault means that nothing was recorded. A caller
    /// that is cancelled meanwhile cannot know: shield the call.
    [[nodiscard]] virtual async::awaitable<result<void>> put(case_record record) = 0;

    /// The case was delivered or failed and its folder has left work/. A case without a record is fine.
    [[nodiscard]] virtual async::awaitable<result<void>> close(case_key key) = 0;

    /// Notes which spool the ledger belongs to. Blocks: for the start.
    [[nodiscard]] virtual result<void> bind_to_spool(const std::string& identity) = 0;

    /// Commits made and writes they carried, since the start.
    struct statistics {
        std::uint64_t commits = 0;
        std::uint64_t writes = 0;
    };

    [[nodiscard]] virtual statistics counted() const = 0;
};

/// An open ledger, and what became of one that could not be used.
struct opened_ledger {
    std::unique_ptr<kyc::ledger::ledger> ledger;
    std::string spool; ///< the identity of the spool it belongs to; empty for a new ledger
    std::optional<std::string>
        set_aside; ///< why and where to a damaged file was moved; its history is lost, the service goes on
};

/// Opens or makes the SQLite file (WAL, synchronous=FULL). A file that is not a sound ledger is renamed to
/// <file>.damaged-<n> and a new one begun. `pool` does the disk work and must outlive the ledger. Blocks.
[[nodiscard]] result<opened_ledger> open_ledger(const std::filesystem::path& file,
                                                const boost::asio::any_io_executor& loop, async::blocking_pool& pool);

} // namespace kyc::ledger
