#pragma once
// What JSON web tokens and HTTP's basic credentials are written in.

#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// The bytes of base64 or base64url text (RFC 4648), with or without its padding; none when it is neither.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

} // namespace kyc
