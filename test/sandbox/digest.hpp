#pragma once
// The few things the sandbox needs from libcrypto: hashes, signatures, random names.

#include <cstdint>
#include <string>
#include <string_view>

namespace kyc::sandbox {

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes); ///< 32 raw bytes
[[nodiscard]] std::string base64url(std::string_view bytes);                         ///< without padding
/// Empty when the text is not base64url.
[[nodiscard]] std::string from_base64url(std::string_view text);
[[nodiscard]] std::string random_hex(std::size_t bytes);

/// Random (version 4), as Celery names tasks.
[[nodiscard]] std::string random_uuid();

/// Time based (version 1) with a container-style MAC address, as register_face names people.
[[nodiscard]] std::string time_uuid(std::uint64_t hundred_ns_since_1970);

/// Whether Python's uuid.UUID() takes the text: 32 hex digits, hyphens, braces and "urn:uuid:" ignored. If so, its
/// lower-case hyphenated form is put into `canonical`.
[[nodiscard]] bool read_uuid(std::string_view text, std::string& canonical);

} // namespace kyc::sandbox
