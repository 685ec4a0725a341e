#pragma once
// Reads when a token ends. Nothing is verified: the token is the server's, we only plan around it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace kyc {

/// Seconds since 1970 on the server's clock.
struct jwt_times {
    std::optional<std::int64_t> expires_at; ///< `exp`
    std::optional<std::int64_t> issued_at;  ///< `iat`
};

/// The times in a JWT's payload; both none when it is no JWT. Never throws.
[[nodiscard]] jwt_times read_jwt_times(std::string_view token);

} // namespace kyc
