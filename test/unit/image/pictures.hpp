#pragma once
// Pictures for the tests of the gate, made by the same libraries that read them: no binary files in the tree.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::test {

using bytes = std::vector<std::byte>;

struct jpeg_options {
    std::uint32_t width = 480;
    std::uint32_t height = 480;
    int channels = 3; ///< 1 grey, 3 YCbCr, 4 CMYK
    bool progressive = false;
    bool arithmetic = false;
    int quality = 70;
    unsigned restart_interval = 0;   ///< units between two restart marks, 0: none
    bool every_colour_pixel = false; ///< 4:4:4, else 4:2:0
    bool fitted_codes = false;       ///< code tables made for this picture
};

struct png_options {
    std::uint32_t width = 480;
    std::uint32_t height = 480;
    int colour = 2; ///< as the format numbers them: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA
    int depth = 8;
    bool interlaced = false;
};

/// The same options give the same bytes.
[[nodiscard]] bytes make_jpeg(const jpeg_options& options = {});
[[nodiscard]] bytes make_png(const png_options& options = {});

[[nodiscard]] bytes to_bytes(std::string_view text);
void append(bytes& to, std::span<const std::byte> more);

/// Big-endian, as both formats write numbers.
void put_number(bytes& to, std::uint64_t number, int width);

/// A PNG chunk with its checksum.
[[nodiscard]] bytes png_chunk(std::string_view type, std::span<const std::byte> data);

/// Where the next chunk of this type begins (at its length). Fails the test when there is none.
[[nodiscard]] std::size_t find_chunk(std::span<const std::byte> png, std::string_view type);

/// Where the last JPEG marker 0xFF `code` stands. Fails the test when there is none.
[[nodiscard]] std::size_t find_last_marker(std::span<const std::byte> jpeg, std::uint8_t code);

} // namespace kyc::test
