#pragma once
// Names that nobody else has chosen.

#include "core/result.hpp"

#include <string>

namespace kyc::fs {

/// 128 random bits as 32 hex digits. A fault when the kernel gives none.
[[nodiscard]] result<std::string> random_id();

} // namespace kyc::fs
