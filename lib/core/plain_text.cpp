#include "core/plain_text.hpp"

#include <algorithm>
#include <array>

namespace kyc {

namespace {

bool is_plain(std::uint32_t value) {
    const bool control = value < 0x20 || (value >= 0x7F && value < 0xA0);
    const bool invisible = (value >= 0x200B && value <= 0x200F) || (value >= 0x2028 && value <= 0x202E) ||
                           (value >= 0x2060 && value <= 0x206F) || value == 0xFEFF || value >= 0xE0000;
    return !control && !invisible;
}

} // namespace

code_point first_code_point(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::uint32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
    std::uint32_t value = lead & (0x7Fu >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0u) != 0x80u) return {};
        value = (value << 6) | (byte(i) & 0x3Fu);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest.at(size) || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
    return {value, size};
}

std::string printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto [value, size] = first_code_point(text.substr(at));
        const auto step = std::max<std::size_t>(size, 1);
        if (size > 0 && is_plain(value)) {
            out += text.substr(at, step);
        } else {
            for (const char c : text.substr(at, step)) {
                out += "\\x";
                out += digits[static_cast<unsigned char>(c) >> 4];
                out += digits[static_cast<unsigned char>(c) & 15];
            }
        }
        at += step;
    }
    return out;
}

} // namespace kyc
