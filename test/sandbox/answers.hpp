#pragma once
// What a task comes to: the answer that the submission's marker text asked for, dressed as its service documents it.

#include "sandbox/http_message.hpp"
#include "sandbox/services.hpp"
#include "sandbox/settings.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace kyc::sandbox {

/// The end of a task.
struct outcome {
    enum class kind { data, failure, revoked, never, http_400, garbage };
    kind what = kind::data;
    bool wrapped = true;
    boost::json::value result; ///< the envelope's `result`, or the bare body, or the body of the HTTP 400
};

/// Whether there is an answer of this name.
[[nodiscard]] bool is_answer(std::string_view name);

/// The names, for messages and help.
[[nodiscard]] std::string answer_names();

/// The answer named by the first `kycd-sandbox:<name>` in the bytes; empty when there is none.
[[nodiscard]] std::string marker_in(std::string_view bytes);

/// What an answer is made of besides its name.
struct answer_facts {
    std::string seed;            ///< hex; the same seed gives the same person
    std::string registered_uuid; ///< register_face: the new uuid
    bool known_face = true;      ///< authenticate_face: the uuid was registered here
    bool extend_data = false;
};

[[nodiscard]] outcome make_outcome(const service& of, std::string_view answer, const answer_facts& facts,
                                   reply_form form);

} // namespace kyc::sandbox
