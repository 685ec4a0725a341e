#pragma once
// `kycd reverify`: a re-verification ticket from flags or a file, what it would do, and those that are there.

#include "config/exit_code.hpp"
#include "config/options.hpp"

namespace kyc {

/// Drops a ticket, or with --plan tells what it would do; `list`, `pause`, `resume` and `cancel` are about those that
/// are there. As the owner of the spool when started as root.
[[nodiscard]] exit_code reverify_command(const reverify_options& options);

} // namespace kyc
