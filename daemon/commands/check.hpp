#pragma once
// `kycd check`: everything that can be found wrong before the first case is dropped, a line each.

#include "config/options.hpp"

namespace kyc {

/// Prints the findings on stdout and returns the exit code of the first thing that is wrong. Makes nothing but hidden
/// probe files, and calls the API once, to log in. root becomes the owner of work/ before it tries folders and files.
[[nodiscard]] exit_code check_command(const check_options& options);

} // namespace kyc
