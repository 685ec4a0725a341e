#pragma once
// What the stock of image buffers needs besides what cases take and give back.

#include "life/case_world.hpp"

namespace kyc {

/// Has the stock give back what lies unused, every few seconds. On the pool, since that takes long after a rush. Ends
/// by cancellation only.
[[nodiscard]] async::awaitable<void> keep_pages(case_world& world);

} // namespace kyc
