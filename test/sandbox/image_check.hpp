#pragma once
// The API's weak look at an upload: what Pillow's open() and verify() would notice, and no more.

#include <string_view>

namespace kyc::sandbox {

/// A JPEG is good up to its first scan (so one that was cut off passes), a PNG when all chunks are there with their
/// checksums (so one that was cut off does not), GIF, WEBP, BMP and TIFF by their first bytes.
[[nodiscard]] bool looks_like_an_image(std::string_view bytes);

/// Whether Django's ImageField takes a file of this extension (lower case, without the dot).
[[nodiscard]] bool is_picture_extension(std::string_view extension);

/// "bmp, dib, gif, …" as Django lists it.
[[nodiscard]] std::string_view picture_extensions();

} // namespace kyc::sandbox
