#pragma once
// The two decoders behind the gate: each reads a whole picture, keeps nothing of it, and says how that ended.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace kyc::image {

/// Scans in one JPEG. Encoders write about ten; each costs a pass over the whole picture and may be a few bytes long.
inline constexpr int max_scans = 100;

/// What the coefficients of one JPEG in several scans may take: 4096 x 4096 in four full channels, and a little.
inline constexpr long max_coefficient_bytes = 160L * 1024 * 1024;

enum class decode_end {
    whole,      ///< decoded to the last row, and the end mark was read
    wrong_size, ///< width or height outside the limits; nothing was decoded
    damaged,    ///< `reason` says how
};

struct decode_outcome {
    decode_end end = decode_end::damaged;
    std::uint32_t width = 0; ///< 0 when the header could not be read
    std::uint32_t height = 0;
    std::string reason;  ///< a clause about the file, e.g. "the file ends before the picture does"
    int scans = 0;       ///< JPEG: scans that were begun, never more than max_scans + 1
    bool walked = false; ///< JPEG: found whole by jpeg_walk.hpp, so that libjpeg only read its header
};

/// The bytes begin with the type's magic. No exception but bad_alloc; nothing is printed.
[[nodiscard]] decode_outcome decode_jpeg(std::span<const std::byte> bytes);
/// The same by libjpeg alone, which is what decode_jpeg() must agree with; slower.
[[nodiscard]] decode_outcome decode_jpeg_fully(std::span<const std::byte> bytes);
[[nodiscard]] decode_outcome decode_png(std::span<const std::byte> bytes);

/// Both sides within the API's limits.
[[nodiscard]] bool size_allowed(std::uint32_t width, std::uint32_t height);

} // namespace kyc::image
