#pragma once
// Huffman tables for the tests of what walks codes: a few codes of each kind, and what writes them.

#include "image/jpeg_codes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kyc::test {

struct code_length {
    unsigned bits;
    std::vector<std::uint8_t> symbols;
};

/// As code_table takes them.
struct huffman_codes {
    std::array<std::uint8_t, image::longest_code + 1> bits{};
    std::array<std::uint8_t, image::most_codes> symbols{};
};

/// As a JPEG file describes a table: how many codes there are of each length, shorter ones first, and what they mean.
[[nodiscard]] inline huffman_codes huffman_table(const std::vector<code_length>& lengths) {
    huffman_codes made;
    std::size_t at = 0;
    for (const auto& length : lengths) {
        made.bits[length.bits] = static_cast<std::uint8_t>(length.symbols.size());
        for (const auto symbol : length.symbols)
            made.symbols[at++] = symbol;
    }
    return made;
}

/// Symbols of coefficients: zeros before them, and their size in bits.
inline constexpr std::uint8_t end_of_block = 0x00;
inline constexpr std::uint8_t sixteen_zeros = 0xF0;

/// Ends, zeros, large coefficients; short codes, and some that no look-up table knows.
[[nodiscard]] inline huffman_codes busy_ac() {
    return huffman_table({{2, {0x01}},
                          {3, {end_of_block, 0x02}},
                          {4, {0x11, sixteen_zeros}},
                          {6, {0x53}},
                          {11, {0x31}},
                          {12, {0x0A}},
                          {16, {0x71, 0xA3, 0x1A}}});
}

/// Hardly more than ends.
[[nodiscard]] inline huffman_codes calm_ac() {
    return huffman_table({{1, {end_of_block}}, {3, {0x01, 0x11}}, {13, {sixteen_zeros}}, {16, {0x05}}});
}

[[nodiscard]] inline huffman_codes busy_dc() {
    return huffman_table({{2, {0, 1}}, {3, {2, 5}}, {9, {11}}, {14, {7}}});
}

[[nodiscard]] inline huffman_codes calm_dc() {
    return huffman_table({{1, {0}}, {2, {3}}, {16, {11}}});
}

} // namespace kyc::test
