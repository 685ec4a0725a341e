#pragma once
// Keeps the process as small as what it holds.

#include "async/awaitable.hpp"

namespace kyc {

/// Gives memory that is free back to the system now and then, for ever. Ends by cancellation only.
[[nodiscard]] async::awaitable<void> give_back_memory();

} // namespace kyc
