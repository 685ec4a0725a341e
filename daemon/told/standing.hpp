#pragma once
// The words for where a case stands: of `list --state`, of tables, and of JSON.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// Where a case stands, in the order of its life.
enum class standing {
    not_ready,  ///< in the inbox, incomplete or still being written; told as waiting where nobody looked into it
    waiting,    ///< in the inbox
    claimed,    ///< in work/, nothing of it is under way to the API
    sending,    ///< its upload is under way
    unknown,    ///< it was sent and nobody knows whether the API has it
    pending,    ///< the API has it and its answer is waited for
    delivering, ///< in work/, with its result.json or error.json
    delivered,  ///< in outbox/
    failed,     ///< in failed/
    gone,       ///< somebody took its folder out of work/
};

/// The words of `list --state`.
[[nodiscard]] std::string_view to_string(standing value);
[[nodiscard]] const std::vector<std::string>& standing_words();
[[nodiscard]] std::optional<standing> standing_from(std::string_view word);

} // namespace kyc
