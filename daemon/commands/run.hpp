#pragma once
// `kycd run` and `kycd run --once`.

#include "config/options.hpp"

namespace kyc {

/// Start-up checks, then the loop, then the summary of --once on stdout.
[[nodiscard]] exit_code run_command(const run_options& options);

} // namespace kyc
