#pragma once
// What the API said about a case, in kycd's own shape (design section 6, progeny-api section 3).

#include "core/service.hpp"

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc {

enum class verdict { pass, fail, inconclusive };

[[nodiscard]] std::string_view to_string(verdict value);

/// The inverse; every other word reads as inconclusive.
[[nodiscard]] verdict verdict_from(std::string_view word);

/// One shape for cards and passports; absent is absent, dates are ISO 8601.
struct document {
    std::optional<std::string> type; ///< "card" or "passport"
    std::optional<std::string> number, full_name, first_name, last_name, date_of_birth, sex, nationality, country,
        issued_on, expires_on, portrait_url;
};

/// An entry of the API's `issues`, or an error code found inside a check.
struct issue {
    std::string check;   ///< the API's word for what it belongs to, e.g. "liveness"
    std::string code;    ///< e.g. "FACE_TOO_SMALL", unchanged
    std::string message; ///< the API's text
    std::string advice;  ///< ours, for the codes we know; else a general sentence
};

/// `background` of result.json.
struct background {
    std::optional<bool> potential_match;
    std::optional<std::string> risk_level;
    std::optional<std::int64_t> total_matches;
    boost::json::value hits; ///< as the API gave them
};

/// An answered case.
struct answer {
    kyc::verdict verdict = kyc::verdict::inconclusive;
    std::vector<std::pair<check, std::optional<bool>>> checks; ///< the service's own, in its order; none = unjudged
    std::optional<kyc::document> document;
    std::vector<issue> issues;
    std::optional<std::string> registered_face;
    std::optional<kyc::background> background;
};

/// What one reply to a task poll means.
enum class task_state {
    waiting,        ///< PENDING STARTED RETRY RECEIVED, empty, or an unknown word
    answered,       ///< an outcome: `answer` is filled
    failed,         ///< FAILURE
    revoked,        ///< REVOKED
    rejected,       ///< an inner status of 400 with field messages and no outcome
    not_understood, ///< not JSON, too deep, or a shape nobody knows
};

struct task_reading {
    task_state state = task_state::not_understood;
    std::string word;   ///< the outer status, or empty
    std::string detail; ///< for failed, revoked, rejected, not_understood: why, without personal data
    std::optional<kyc::answer> answer;
};

/// Reads the body of a 200 reply to a task poll. Pure; never throws on any input up to 8 MiB.
[[nodiscard]] task_reading read_task_reply(const service& target, std::string_view body);

/// The task id in the body of a 200/201/202 reply to a submit; none when there is no usable one.
[[nodiscard]] std::optional<std::string> read_receipt(std::string_view body);

} // namespace kyc
