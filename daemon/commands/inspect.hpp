#pragma once
// `kycd inspect FILE…`: the image gate alone, no network.

#include "config/options.hpp"

namespace kyc {

/// A line per file on stdout. some_failed when one of them would be refused.
[[nodiscard]] exit_code inspect_command(const inspect_options& options);

} // namespace kyc
