#pragma once
// The text of a request up to its body: the one place where header injection has to be impossible.

#include "net/http_client.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace kyc::net {

/// Request line and headers with the blank line. `host` is the value of Host, `body_size` that of Content-Length.
/// Throws std::logic_error when a method, target, name or value could not stand in a request, or when the caller gives
/// a header that is made here; the text names the header but never its value.
[[nodiscard]] std::string request_head(const http_request& request, std::string_view host, std::string_view user_agent,
                                       std::uint64_t body_size);

} // namespace kyc::net
