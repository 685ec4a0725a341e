#pragma once
// The image gate: what is checked before anything is paid (progeny-api section 5).

#include "core/failure.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kyc::image {

enum class image_type { jpeg, png };

/// ".jpg"/".png" without the dot, and the media type.
[[nodiscard]] std::string_view extension(image_type type);
[[nodiscard]] std::string_view media_type(image_type type);

/// The API's limits.
inline constexpr std::uint64_t max_bytes = 2'000'000;
inline constexpr std::uint32_t min_pixels = 480;
inline constexpr std::uint32_t max_pixels = 4096;

/// An image that passed.
struct image_facts {
    image_type type = image_type::jpeg;
    std::uint32_t width = 0; ///< as stored in the file
    std::uint32_t height = 0;
};

/// Why an image was refused. `finding` says what was found, `rule` what is demanded.
struct refusal {
    failure_code code = failure_code::not_an_image; ///< one of NOT_AN_IMAGE IMAGE_DAMAGED IMAGE_TOO_SMALL
                                                    ///< IMAGE_TOO_LARGE FILE_TOO_LARGE
    std::string finding;
    std::string rule;
};

/// What value() throws on a refused image; reaching it is a bug.
[[noreturn]] void throw_exception_from_error(const refusal& error, const boost::source_location& where);

/// Checks bytes, then type by content, then pixels, and decodes the image to its very end. Pure on the bytes; blocks
/// for some milliseconds (call it on the pool), thread safe. Dimensions are judged before anything is decoded. Memory
/// is a few rows of the largest accepted image, whatever the header says, except for a JPEG in several scans
/// (progressive), whose coefficients are held: at most 160 MiB, and only one such picture above 32 MiB is in memory at
/// a time.
[[nodiscard]] boost::system::result<image_facts, refusal> check_image(std::span<const std::byte> bytes);

} // namespace kyc::image
