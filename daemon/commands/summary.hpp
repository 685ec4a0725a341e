#pragma once
// What `run --once` says at its end.

#include "app.hpp"

namespace kyc {

/// On stdout, as text or as one JSON object.
void print_summary(const run_outcome& outcome, bool as_json);

} // namespace kyc
