#pragma once
// Cases that never went through kycd: from a CSV file and a folder of images into the inbox.

#include "config/options.hpp"

namespace kyc {

/// Works beside a running daemon. Bad rows are told on stdout with line and reason while the rest goes on, then a line
/// that sums up. Works as the spool's owner when root calls it; file and report are opened as whoever called. SIGINT
/// and SIGTERM end it after the row it is at, with what is whole brought in. 1 when some rows were bad, 2 when it was
/// stopped, 64 when FILE is no CSV of cases, 73 when the spool, the root folder or the disk does not let it go on.
[[nodiscard]] exit_code import_command(const import_options& options);

} // namespace kyc
