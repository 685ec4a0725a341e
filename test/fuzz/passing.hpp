#pragma once
// A second opinion on which replies may pass, written from the contract and not from the code (design section 6).

#include "core/service.hpp"

#include <string_view>

namespace kyc::fuzz {

/// False when no object anywhere in the reply, JSON inside a string included, says that all of the service's checks are
/// good and names no issue beside them, or when the reply's own words speak against a success. Broader than the reader:
/// what it refuses must not pass.
[[nodiscard]] bool may_pass(const service& target, std::string_view body);

} // namespace kyc::fuzz
