#include "png_checksums.hpp"

#include <cstring>
#include <zlib.h>

namespace kyc::fuzz {
namespace {

std::uint32_t number_at(std::span<const std::uint8_t> bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

} // namespace

void mend_png_checksums(std::span<std::uint8_t> file) {
    constexpr std::size_t magic = 8;
    constexpr std::size_t around = 12; // length, type, checksum
    if (file.size() < magic || std::memcmp(file.data(), "\x89PNG\r\n\x1A\n", magic) != 0) return;
    auto rest = file.subspan(magic);
    while (rest.size() >= around) {
        const std::size_t length = number_at(rest);
        if (length > rest.size() - around) return;
        const auto sum = crc32(0, rest.data() + 4, static_cast<uInt>(length + 4));
        for (int i = 0; i < 4; ++i)
            rest[length + 8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(sum >> (24 - 8 * i));
        rest = rest.subspan(length + around);
    }
}

} // namespace kyc::fuzz
