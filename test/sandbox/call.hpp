#pragma once
// Which of the API's calls a request is.

#include "sandbox/http_message.hpp"
#include "sandbox/services.hpp"

#include <string_view>

namespace kyc::sandbox {

enum class call_kind { submit, poll, obtain, refresh, other };

struct call {
    call_kind kind = call_kind::other;
    const service* target = nullptr; ///< of a submit
};

[[nodiscard]] std::string_view name_of(call_kind kind);

/// By the path alone, with or without the trailing slash; the method is judged later.
[[nodiscard]] call classify(std::string_view path);

} // namespace kyc::sandbox
