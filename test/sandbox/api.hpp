#pragma once
// The Progeny API v3 itself: a request in, the reply that the real one would give. Neither sockets nor misbehaviour.

#include "sandbox/call.hpp"
#include "sandbox/http_message.hpp"
#include "sandbox/world.hpp"

#include <optional>
#include <string>

namespace kyc::sandbox {

/// What a scenario changes inside the API, where the order of its checks matters.
struct interference {
    bool refuse_login = false;
    bool user_inactive = false;
    std::string task_answer;        ///< of this submission's task; empty: as its markers say
    bool reply_lost = false;        ///< written to the bill: the client will not see this reply
    std::optional<reply> throttled; ///< the 429 to give once the caller is known
};

/// Judges in DRF's order: path, 406, 401, 429, 405, 415 or 400 for the form, 400 for its fields.
[[nodiscard]] reply answer_call(world& in, const request& asked, const call& of, const interference& changes,
                                time_point now);

/// ISO 8601 in UTC with milliseconds.
[[nodiscard]] std::string iso_time(time_point at);

} // namespace kyc::sandbox
