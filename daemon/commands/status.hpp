#pragma once
// How the spool stands: counts and ages by state and service, what is paused, how fast it goes.

#include "config/options.hpp"

namespace kyc {

/// On stdout. 73 when a part of the spool or the ledger could not be read: the rest is told all the same.
[[nodiscard]] exit_code status_command(const status_options& options);

} // namespace kyc
