#pragma once
// Cases whose time is over.

#include "config/options.hpp"

namespace kyc {

/// Applies the retention rules to the folders now, beside a running daemon or without one, and says on stdout what each
/// came to. The log has it, too, with the numbers and who called this: the journal's, also from a terminal, or stderr
/// where there is no journal. What the ledger knows of the removed cases is reduced by the daemon, within the hour or
/// at its start. 1 when some could not be removed.
[[nodiscard]] exit_code purge_command(const purge_options& options);

} // namespace kyc
