#pragma once
// The way back from result.json and error.json, for a ledger that is rebuilt from the folders.

#include "core/json_text.hpp"
#include "core/report_json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// A report holds a whole reply, and parts of it a second time, in which a byte may become an escape of six.
inline constexpr json_limits report_limits{8 * max_reply_bytes, max_reply_depth + 8};

/// What one of the two files says, as far as the ledger and the commands need it.
struct report_facts {
    bool answered = false; ///< result.json; else error.json
    case_facts about;
    task_facts task;        ///< of an answered case; of a failed one only `attempts`
    utc_time ended_at{};    ///< answered_at or failed_at
    std::string word;       ///< the verdict or the code
    std::string stage;      ///< of a failed case
    std::string message;    ///< of a failed case
    std::string advice;     ///< of a failed case
    bool retryable = false; ///< of a failed case: unchanged, it may do better another time
    std::optional<duplicate_facts> duplicate_of;
    std::optional<std::chrono::sys_days> expires_on; ///< of an answered case: its document's date
    std::optional<bool> document_expired;            ///< of an answered case: what the check says
};

/// None when the text is neither of them. A field that is missing or of the wrong kind is left empty: other programs
/// may have written to the file.
[[nodiscard]] std::optional<report_facts> read_report(std::string_view text);

/// The API's reply in the text of a result.json that kycd wrote, byte for byte. Empty when there is none.
[[nodiscard]] std::string_view reply_in_result(std::string_view text);

} // namespace kyc
