#pragma once
// Between rows and values: the columns in one place, for the writer, the readers and the repair.

#include "ledger/records.hpp"
#include "ledger/sqlite.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kyc::ledger {

/// Milliseconds since 1970, as the file holds times.
[[nodiscard]] std::int64_t to_milliseconds(utc_time time);
[[nodiscard]] utc_time from_milliseconds(std::int64_t value);
[[nodiscard]] std::optional<std::int64_t> to_milliseconds(const std::optional<utc_time>& time);

/// The column attempt.sent. A cell that cannot be read is an empty list: a task id is worth more than its files.
[[nodiscard]] std::string sent_to_json(const std::vector<file_facts>& files);
[[nodiscard]] std::vector<file_facts> sent_from_json(const std::string& text);

/// The column kyc_case.duplicate_of.
[[nodiscard]] std::string duplicate_to_json(const duplicate_facts& earlier);
[[nodiscard]] std::optional<duplicate_facts> duplicate_from_json(const std::string& text);

/// What a SELECT that is read by read_case() lists, from kyc_case as `c`.
inline constexpr const char* case_columns =
    "c.id, c.folder, c.name, c.service, c.lane, c.flat, c.taken_at, c.fingerprint, c.attempts, c.polls, "
    "c.failed_tasks, c.duplicate_of, c.state, c.ended_at, c.word, c.stage, c.message, c.place, c.next_try, c.ticket_id";
inline constexpr int case_column_count = 20;

/// The row without attempts and events.
[[nodiscard]] case_history read_case(const statement& row);

/// What a SELECT that is read by read_attempt() lists, from attempt as `a`.
inline constexpr const char* attempt_columns =
    "a.number, a.sent, a.sent_at, a.outcome, a.ended_at, a.http_status, a.what, a.task_id";
inline constexpr int attempt_column_count = 8;

/// `first` is the column of a.number.
[[nodiscard]] attempt read_attempt(const statement& row, int first = 0);

/// The table answer_times, by service. Throws sqlite_error.
[[nodiscard]] std::map<std::string, std::string> read_answer_times(database& from);

/// A value of the table `about` (see store::about); empty when it is not there. Throws sqlite_error.
[[nodiscard]] std::string read_about(database& from, std::string_view key);

} // namespace kyc::ledger
