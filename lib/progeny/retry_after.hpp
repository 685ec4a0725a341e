#pragma once
// Retry-After as kycd obeys it.

#include "core/settings.hpp"
#include "net/http_client.hpp"

#include <chrono>
#include <optional>

namespace kyc::progeny {

/// The wait that a reply asks for, capped by retry.retry_after_max; none when it asks for none. A date is seen from the
/// reply's own Date, so that a wrong clock here does not matter.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after_of(const net::http_response& reply,
                                                                      const retry_settings& rules);

} // namespace kyc::progeny
