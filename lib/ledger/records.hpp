#pragma once
// What the ledger knows of a case: the rows as values.

#include "core/case_key.hpp"
#include "core/report_json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::ledger {

/// What came of one submit (design section 7). `unknown` is what is on disk while a request is under way, and stays
/// when its answer never came.
enum class attempt_outcome {
    unknown,     ///< about to be sent, or sent without an answer: the API may have accepted and billed it
    no_receipt,  ///< accepted, as the reply says, but without a usable id: unknown too, and never repeated by itself
    accepted,    ///< there is a task
    task_failed, ///< there was a task and it ended FAILURE: it may be submitted again
    refused,     ///< the API answered that it does not take it
    not_sent,    ///< certain that nothing was accepted: the request never went out, or the API said to come later
};

/// "unknown", "no_receipt", "accepted", "task_failed", "refused", "not_sent": as in the file and in `show`. The way
/// back reads every other word as the first one.
[[nodiscard]] std::string_view to_string(attempt_outcome value);
[[nodiscard]] attempt_outcome attempt_outcome_from(std::string_view word);

/// One submit of a case.
struct attempt {
    std::uint32_t number = 0;     ///< from 1, the ones that were never sent included
    std::vector<file_facts> sent; ///< the images with their hashes
    utc_time sent_at{};
    attempt_outcome outcome = attempt_outcome::unknown;
    std::optional<utc_time> ended_at; ///< when the outcome was known
    std::optional<int> http_status;
    std::string what; ///< a sentence for people: what came back. No personal data, no secret
    std::string task_id;
};

/// What is known of one open case. A case in work/ without a record was never about to be sent.
struct case_record {
    case_key key;
    std::string service; ///< canonical
    bool flat = false;   ///< its files are called <case>.<field>.<ext>
    utc_time taken_at{};
    std::string fingerprint;    ///< stands for all that was sent, see daemon/life/twins.hpp; empty until then
    std::uint32_t attempts = 0; ///< submits that may have been accepted, the refused ones included: as in result.json
    std::uint32_t paid = 0;     ///< those that the API bills as far as is known, when the record was read at a start
    std::uint32_t polls = 0;    ///< an estimate after a crash
    std::uint32_t failed_tasks = 0;   ///< tasks that ended FAILURE
    std::optional<utc_time> next_try; ///< not sent again before; none: no wait was agreed on
    std::int64_t ticket = 0;          ///< the row of the ticket that began it; 0: a dropped case, or not known
    std::optional<attempt> last;      ///< the latest attempt; the earlier ones are in the file only
    std::optional<duplicate_facts> duplicate_of; ///< a case that was sent earlier with the same bytes

    /// Whether the last attempt may have been accepted without our knowing.
    [[nodiscard]] bool outcome_unknown() const {
        return last && (last->outcome == attempt_outcome::unknown || last->outcome == attempt_outcome::no_receipt);
    }

    /// The task to be polled; empty when there is none.
    [[nodiscard]] std::string task_id() const {
        return last && last->outcome == attempt_outcome::accepted ? last->task_id : std::string();
    }

    /// Whether there is a task to be polled: a call that is paid for.
    [[nodiscard]] bool has_task() const {
        return last && last->outcome == attempt_outcome::accepted && !last->task_id.empty();
    }

    /// The receipt of that task.
    [[nodiscard]] utc_time submitted_at() const { return last && last->ended_at ? *last->ended_at : utc_time{}; }

    /// As sent in the last attempt.
    [[nodiscard]] std::vector<file_facts> files() const { return last ? last->sent : std::vector<file_facts>{}; }
};

enum class case_state {
    open,
    delivered,
    failed,
    gone, ///< somebody took its folder out of work/
};

/// "open", "delivered", "failed", "gone"; the way back reads every other word as the first one.
[[nodiscard]] std::string_view to_string(case_state value);
[[nodiscard]] case_state case_state_from(std::string_view word);

/// How a case ended.
struct case_end {
    case_state state = case_state::gone;
    utc_time at{};
    std::string word;    ///< the verdict of a delivered case, the code of a failed one
    std::string stage;   ///< of a failed one
    std::string message; ///< of a failed one, as in error.json
    std::string place;   ///< the folder where it is now
    std::string reply;   ///< the API's answer, kept for cases with the same bytes; empty: it is not kept
};

/// A record and how its case ended.
struct closed_case {
    case_record record;
    case_end end;
};

/// Something that happened to a case and is worth remembering, but not worth waiting for the disk.
struct event {
    utc_time at{};
    std::string kind; ///< "taken", "resumed", "polled", "waits", "set aside"
    std::string detail;
    std::uint32_t times = 1; ///< so many in a row were the same; `at` is the last one's time
};

/// Where a case that has ended lies, by the ledger's row.
struct ended_row {
    std::int64_t id = 0;
    case_state state = case_state::gone;
    std::string place;
};

/// A case that was answered earlier with the same submission (`intake.dedupe`).
struct earlier_answer {
    case_key key;
    std::string service;
    std::string task_id;
    utc_time submitted_at{};
    utc_time answered_at{};
    std::string reply; ///< the API's answer, as it came
};

/// A case that has ended, with what is left of its history: for `list` and `show`, and for a ledger that is rebuilt
/// from the folders.
struct case_history {
    std::int64_t id = 0; ///< the row, in the order in which cases were taken
    case_record about;   ///< about.last is the last of `attempts`
    case_state state = case_state::open;
    case_end end;                       ///< empty while it is open
    std::uint32_t unknown_outcomes = 0; ///< attempts of which nobody knows what became of them
    std::uint32_t accepted = 0;         ///< attempts that the API took, and so bills
    std::vector<attempt> attempts;      ///< all, oldest first; filled by show only
    std::vector<event> events;          ///< oldest first; filled by show only
};

} // namespace kyc::ledger
