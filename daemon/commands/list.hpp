#pragma once
// The cases, a line each.

#include "config/options.hpp"

namespace kyc {

/// On stdout, as they are read: oldest first, then the inbox. 73 when not all could be read.
[[nodiscard]] exit_code list_command(const list_options& options);

} // namespace kyc
