#pragma once
// The one reason why something in the spool is where it is, and what happens next.

#include "config/options.hpp"

namespace kyc {

/// On stdout. 1 when there is nothing of that name, 64 when the path is not of this spool.
[[nodiscard]] exit_code why_command(const why_options& options);

} // namespace kyc
