#pragma once
// The durable record of every case and of every paid call (design section 7), behind one narrow interface.

#include "async/awaitable.hpp"
#include "core/duration_histogram.hpp"
#include "core/result.hpp"
#include "ledger/records.hpp"
#include "ledger/ticket_book.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kyc::async {
class blocking_pool;
}

namespace kyc::ledger {

/// Where the records are. One writer: the daemon. Loop's thread only; calls for different cases may overlap and then
/// share a commit, calls for one case may not overlap. What returns an awaitable<result<…>> is durable when it returns
/// without a fault; a fault means that nothing was recorded, and ENOTRECOVERABLE that the file is damaged: only
/// open_ledger() at the next start can mend that. A caller that is cancelled meanwhile cannot know: shield the call.
class ledger {
  public:
    virtual ~ledger() = default;

    /// The records of all open cases, for the start.
    [[nodiscard]] virtual async::awaitable<result<std::vector<case_record>>> recover() = 0;

    /// Before the first byte is sent: the record with an attempt whose outcome is unknown. Returns the case that was
    /// sent earlier, under another name or for another service, with at least one of the same images (or, for a service
    /// without images, with the same fields); what matches best, then what came first. It is also put into the stored
    /// record.
    [[nodiscard]] virtual async::awaitable<result<std::optional<duplicate_facts>>> put_intent(case_record record) = 0;

    /// The case's record, and its last attempt, are exactly this: after each reply, and when a task ended FAILURE. A
    /// receipt that the file cannot take is kept in the reserve (see ledger/reserve.hpp) while the caller tries again.
    [[nodiscard]] virtual async::awaitable<result<void>> put(case_record record) = 0;

    /// The case was delivered or failed and its folder has left work/. Its history stays.
    [[nodiscard]] virtual async::awaitable<result<void>> close(case_record record, case_end end) = 0;

    /// Written with the next commit, at the latest at the next flush(); not waited for, and lost in a crash.
    virtual void note(const case_key& key, event what) = 0;

    /// How long the answers of a service take, as learnt (answer_times::to_text); replaces what was kept before.
    /// Written like a note().
    virtual void keep_answer_times(const std::string& service, std::string learnt) = 0;

    /// What keep_answer_times() was given, by service; for the start.
    [[nodiscard]] virtual async::awaitable<result<std::map<std::string, std::string>>> answer_times() = 0;

    /// Commits what note() left, if anything. A fault is reported by the next call that waits. Also puts the file back
    /// at its path, with all that is in it, when somebody has removed it or put another one there, as each commit does:
    /// what is written to a file without a name is lost. Until that works nothing is committed.
    [[nodiscard]] virtual async::awaitable<void> flush() = 0;

    /// The answer to the same submission (fingerprint, which includes the service) that came at `since` or later and
    /// was kept.
    [[nodiscard]] virtual async::awaitable<result<std::optional<earlier_answer>>> answered(std::string fingerprint,
                                                                                           utc_time since) = 0;

    /// Forgets the kept answers that came before `time`; their cases stay.
    [[nodiscard]] virtual async::awaitable<result<void>> forget_answers(utc_time before) = 0;

    /// The next cases after row `after`, at most `most`, that were delivered before the one time or failed (or left)
    /// before the other, and are not reduced yet. None: that state is kept for ever.
    [[nodiscard]] virtual async::awaitable<result<std::vector<ended_row>>>
    ended_before(std::optional<utc_time> delivered, std::optional<utc_time> failed, std::int64_t after,
                 std::size_t most) = 0;

    /// What stays of these cases: service, times, outcome, and the hashes of what was sent. Their names and those of
    /// their files, what was said about them, their tasks and answers are forgotten.
    [[nodiscard]] virtual async::awaitable<result<void>> reduce(std::vector<std::int64_t> rows) = 0;

    /// Adds cases that have ended, as the folders show them; those whose place is known already are left alone.
    /// Returns how many were new.
    [[nodiscard]] virtual async::awaitable<result<std::size_t>> add_ended(std::vector<case_history> cases) = 0;

    /// The cases of before are all added: `to_be_rebuilt` is over.
    [[nodiscard]] virtual async::awaitable<result<void>> rebuilt() = 0;

    /// The part of it that is about re-verification.
    [[nodiscard]] virtual ticket_book& tickets() = 0;

    /// Notes which spool the ledger belongs to, whether its history was lost (and is to be rebuilt), and in the same
    /// commit the records of `adopted` cases, which lie in work/ and have none because the history was lost: no later
    /// start can take them for cases that were never sent. A case with a record keeps it, with the attempt of the
    /// adopted one added unless there is a receipt or a doubt already: records that were read out of a damaged file may
    /// be old. Blocks: for the start.
    [[nodiscard]] virtual result<void> bind_to_spool(const std::string& identity, bool history_lost,
                                                     const std::vector<case_record>& adopted) = 0;

    /// Commits made and writes they carried, since the start.
    struct statistics {
        std::uint64_t commits = 0;
        std::uint64_t writes = 0;
        duration_histogram commit_times{disk_bounds};
    };

    [[nodiscard]] virtual statistics counted() const = 0;

    /// What the last commit met, whoever waited for it; none: it was made.
    [[nodiscard]] virtual std::optional<fault> commit_fault() const = 0;

    /// Since when somebody waits for a commit without one having ended meanwhile, well or badly; none: nobody waits.
    [[nodiscard]] virtual std::optional<std::chrono::steady_clock::time_point> busy_since() const = 0;
};

/// An open ledger, and what became of one that could not be used.
struct opened_ledger {
    std::unique_ptr<kyc::ledger::ledger> ledger;
    std::string spool;          ///< the identity of the spool it belongs to; empty for a new ledger
    bool to_be_rebuilt = false; ///< its history was lost, and the folders have not all been read yet
    std::optional<std::string>
        set_aside; ///< why and where to a damaged file was moved, and how many cases could be read out of it; what was
                   ///< said about the others is lost, the service goes on
};

/// Opens or makes the SQLite file (WAL, synchronous=FULL) and lifts its schema. A file that is not a sound ledger is
/// renamed to <file>.damaged-<n>, a new one begun, and whatever can be read copied into it. `reserve` is the file for
/// receipts that this one cannot take; best on another file system, made when it is missing. `pool` does the disk work,
/// has one thread, and must outlive the ledger. About `writers` cases write at a time when there is much to do: a
/// commit then waits some milliseconds for others to share it. Blocks.
[[nodiscard]] result<opened_ledger> open_ledger(const std::filesystem::path& file, const std::filesystem::path& reserve,
                                                const boost::asio::any_io_executor& loop, async::blocking_pool& pool,
                                                std::size_t writers);

} // namespace kyc::ledger
