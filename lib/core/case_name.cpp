#include "core/case_name.hpp"

#include "core/plain_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kyc {

namespace {

constexpr std::size_t longest_name = 200;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool ends_ignoring_case(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && same_ignoring_case(text.substr(text.size() - end.size()), end);
}

bool is_control(std::uint32_t value) {
    return value < 0x20 || (value >= 0x7F && value < 0xA0);
}

/// Invisible characters that make a log line or a listing lie: zero-width, bidirectional, line and paragraph
/// separators.
bool is_deceptive(std::uint32_t value) {
    return (value >= 0x200B && value <= 0x200F) || (value >= 0x2028 && value <= 0x202E) ||
           (value >= 0x2060 && value <= 0x206F) || value == 0xFEFF || value >= 0xE0000;
}

bool is_unreserved(std::uint32_t value) {
    return (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z') || (value >= '0' && value <= '9') ||
           value == '-' || value == '.' || value == '_' || value == '~';
}

void append_hex(std::string& text, std::uint64_t value, int digits) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        text += hex[(value >> shift) & 0xFu];
}

/// FNV-1a: keeps two names apart, it is not meant to withstand an attacker.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ull;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
    return hash;
}

struct split_name {
    std::string_view stem;
    std::string_view extension; ///< without the dot
};

split_name split_extension(std::string_view name) {
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {name, {}};
    return {name.substr(0, dot), name.substr(dot + 1)};
}

} // namespace

std::optional<std::string> case_name_objection(std::string_view name) {
    if (name.empty()) return "it is empty";
    if (name.size() > longest_name) {
        return "it is " + std::to_string(name.size()) + " bytes long and at most 200 are allowed";
    }
    if (name.front() == '.') return "it starts with a dot";
    for (std::size_t at = 0; at < name.size();) {
        const auto [value, size] = first_code_point(name.substr(at));
        if (size == 0) return "it is not UTF-8 (byte " + std::to_string(at + 1) + ")";
        if (is_control(value)) return "it contains a control character (byte " + std::to_string(at + 1) + ")";
        if (value == '/') return "it contains a slash";
        at += size;
    }
    return std::nullopt;
}

std::string percent_encode_name(std::string_view name) {
    // A lone % is what no other name can become.
    if (name.empty()) return "%";
    constexpr std::size_t room_for_hash = 17;
    std::string encoded;
    std::size_t cut = 0; // the longest prefix of whole characters that leaves room for the hash
    for (std::size_t at = 0; at < name.size();) {
        const auto [value, size] = first_code_point(name.substr(at));
        const std::size_t step = std::max<std::size_t>(size, 1);
        const bool harmless = size > 1 ? !is_control(value) && !is_deceptive(value) : size == 1 && is_unreserved(value);
        const std::string_view character = name.substr(at, step);
        if (harmless && !(at == 0 && value == '.')) {
            encoded += character;
        } else {
            for (const char c : character) {
                encoded += '%';
                append_hex(encoded, static_cast<unsigned char>(c), 2);
            }
        }
        if (encoded.size() + room_for_hash <= longest_name) cut = encoded.size();
        at += step;
    }
    if (encoded.size() <= longest_name) return encoded;
    encoded.resize(cut);
    encoded += '~';
    append_hex(encoded, hash_of(name), 16);
    return encoded;
}

bool is_note_name(std::string_view name) {
    return name.size() > note_ending.size() && name.ends_with(note_ending);
}

bool is_junk(std::string_view name) {
    constexpr std::array<std::string_view, 6> endings{".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp"};
    constexpr std::array<std::string_view, 4> litter{"Thumbs.db", "desktop.ini", "@eaDir", "#recycle"};
    if (name.empty() || name.front() == '.' || name.starts_with("~$") || is_note_name(name)) return true;
    return std::any_of(endings.begin(), endings.end(), [&](auto end) { return ends_ignoring_case(name, end); }) ||
           std::any_of(litter.begin(), litter.end(), [&](auto other) { return same_ignoring_case(name, other); });
}

flat_name read_flat_name(const service& target, std::string_view file) {
    using kind = flat_name::kind;
    const auto [stem, extension] = split_extension(file);
    if (same_ignoring_case(extension, "json")) return {std::string(stem), std::nullopt, kind::manifest};
    if (same_ignoring_case(extension, "done")) return {std::string(stem), std::nullopt, kind::marker};
    if (extension.empty()) return {std::string(stem), std::nullopt, kind::other};

    const auto [prefix, suffix] = split_extension(stem);
    for (const auto& field : target.images) {
        if (same_ignoring_case(suffix, field)) return {std::string(prefix), field, kind::image};
    }
    if (target.images.size() == 1) return {std::string(stem), target.images.front(), kind::image};
    return {std::string(stem), std::nullopt, kind::other};
}

} // namespace kyc
