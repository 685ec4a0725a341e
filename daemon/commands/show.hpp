#pragma once
// One case's whole history.

#include "config/options.hpp"

namespace kyc {

/// On stdout, each life of the name for itself. 1 when nobody knows the case.
[[nodiscard]] exit_code show_command(const show_options& options);

} // namespace kyc
