#pragma once
// Failed cases back into the inbox.

#include "config/options.hpp"

namespace kyc {

/// Moves them and says on stdout what became of each. 1 when some could not be moved.
[[nodiscard]] exit_code retry_command(const retry_options& options);

} // namespace kyc
