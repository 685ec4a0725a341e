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

struct span_of_points {
    std::uint32_t first;
    std::uint32_t last;
};

/// Unicode 15, EastAsianWidth.txt W and F, and the pictures that terminals draw so; neighbouring blocks in one span.
constexpr std::array<span_of_points, 21> wide{
    {{0x1100, 0x115F},  {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x2705, 0x2705},
     {0x274C, 0x274C},  {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0xA4CF},
     {0xA960, 0xA97F},  {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
     {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF},
     {0x20000, 0x3FFFD}}};

/// General categories Mn and Me of the scripts that names are written in.
constexpr std::array<span_of_points, 17> without_width{{{0x0300, 0x036F},
                                                        {0x0483, 0x0489},
                                                        {0x0591, 0x05BD},
                                                        {0x05BF, 0x05BF},
                                                        {0x05C1, 0x05C2},
                                                        {0x0610, 0x061A},
                                                        {0x064B, 0x065F},
                                                        {0x0670, 0x0670},
                                                        {0x06D6, 0x06DC},
                                                        {0x093C, 0x093C},
                                                        {0x0941, 0x0948},
                                                        {0x0E31, 0x0E31},
                                                        {0x0E34, 0x0E3A},
                                                        {0x0E47, 0x0E4E},
                                                        {0x1AB0, 0x1DFF},
                                                        {0x20D0, 0x20FF},
                                                        {0xFE00, 0xFE2F}}};

template<std::size_t N>
bool is_in(const std::array<span_of_points, N>& spans, std::uint32_t value) {
    return std::any_of(spans.begin(), spans.end(),
                       [value](const auto& each) { return value >= each.first && value <= each.last; });
}

} // namespace

std::size_t readable_bytes(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size() && text[at] != '\0') {
        const auto next = first_code_point(text.substr(at));
        if (next.size == 0) break;
        at += next.size;
    }
    return at;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto [value, size] = first_code_point(text.substr(at));
        columns += is_in(wide, value) ? 2 : is_in(without_width, value) ? 0 : 1;
        at += std::max<std::size_t>(size, 1);
    }
    return columns;
}

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
