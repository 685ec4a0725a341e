#pragma once
// What the parts of a case's life share while it runs. Private to process_case and its parts.

#include "core/service.hpp"
#include "life/awaited_task.hpp"
#include "life/case_world.hpp"
#include "life/keep_trying.hpp"
#include "life/process_case.hpp"
#include "log/log.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace kyc {

/// One case in hand. On the heap, so that it outlives the coroutines of the stretches of its life: while it waits for
/// its task, this is all there is of it. So its size counts (768 bytes, what the allocator has a class for).
struct case_run {
    case_world& world;
    case_start start;
    std::shared_ptr<const settings> config; ///< the snapshot it began with; `target` points into it, or into world
    const service* target = nullptr;        ///< null: no such service, and no task of a former one
    std::vector<file_facts> files;          ///< as they were last read, while that may differ from the record
    std::optional<awaited_task> task;       ///< from its receipt on
    std::uint32_t failures = 0;             ///< submits in a row that failed and were charged to the case
    std::uint32_t request = 0;              ///< drawn at random; see request_id()
    std::uint32_t era = 0;                  ///< of the last submit, for api::ended(); 0: an earlier process sent it
    bool settled = false;                   ///< the claim would survive a power cut
    bool repeating = false;                 ///< the last submit failed, charged or not

    case_run(case_world& world_, case_start start_);

    [[nodiscard]] log::fields about() const;

    /// On each of its log lines: eight hexadecimal digits.
    [[nodiscard]] std::string request_id() const;

    /// Its service where no producer's word may stand: the canonical name, or unknown_service().
    [[nodiscard]] const std::string& service_told() const {
        return target != nullptr ? target->name : unknown_service();
    }

    ledger::case_record& record() { return start.record; }

    /// Whether its answer is kept for cases with the same bytes. Not the answer of an answer: the window counts from
    /// the paid call.
    [[nodiscard]] bool keeps_reply() const {
        return config->intake.dedupe.has_value() && !start.record.task_id().empty();
    }

    [[nodiscard]] const case_key& key() const { return start.record.key; }

    /// Whether it goes first or behind, wherever several wait.
    [[nodiscard]] async::urgency urgency() const {
        return start.again ? async::urgency::behind : async::urgency::first;
    }

    /// Who asks the API for leave to submit.
    [[nodiscard]] progeny::caller caller() const { return {target, repeating, key().lane}; }

    /// Where it lies, in work/ or in outbox/, and what the case is called. Made anew: thousands of cases wait, and
    /// their paths need not.
    [[nodiscard]] fs::claimed_case folder() const;

    /// For `show`: something that happened to the case, written with the next commit.
    void remember(std::string kind, std::string detail, std::uint32_t times = 1);

    /// Ends the coroutine when the daemon stops: the folder and the ledger say where to go on.
    void leave_if_stopping() const {
        if (world.stopping) throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
};

/// Makes run.record() durable, however long the disk takes to allow it.
[[nodiscard]] async::awaitable<void> put_record(case_run& run);

/// Somebody took the case's folder out of work/ or outbox/ (an erasure, say): there is nothing left to go on with.
/// Thrown by the steps that touch the folder; process_case() ends the case.
class case_vanished : public std::runtime_error {
  public:
    case_vanished() : std::runtime_error("the case's folder has left its place") {}
};

/// Hands the fault of a step in the case's folder through, unless it means that the folder is gone. Blocks.
[[nodiscard]] fault unless_vanished(const case_run& run, fault met);

/// An answer with the reply it was read from, and the task that gave it.
struct answered_case {
    answer said;
    std::string reply;
    task_facts task;

    answered_case(answer said_, std::string reply_, task_facts task_)
        : said(std::move(said_)), reply(std::move(reply_)), task(std::move(task_)) {}
};

/// Submits until there is a receipt in run.record(), durably; none is returned then. With `intake.dedupe`, the answer
/// of an earlier case with the same bytes instead, and nothing is sent. Fails with the codes of intake, prepare and
/// submit.
[[nodiscard]] async::awaitable<result<std::optional<answered_case>, failure>> submit_case(case_run& run);

/// Begins to wait for the task of run.record(), or goes on: plans its next poll, in run.task.
void plan_poll(case_run& run);

/// Asks for the task once. None: it has no outcome yet, or it failed and may be submitted again (noted in the ledger,
/// and the record has no task any more).
[[nodiscard]] async::awaitable<result<std::optional<answered_case>, failure>> poll_case(case_run& run,
                                                                                        poll_leave leave);

} // namespace kyc
