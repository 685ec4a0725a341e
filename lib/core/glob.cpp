#include "core/glob.hpp"

#include "core/plain_text.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace kyc {
namespace {

/// Bytes that are not UTF-8 lie above every character, so that they equal only themselves.
constexpr std::uint32_t stray_byte = 0x110000;

/// Takes the first character away from a text that is not empty.
std::uint32_t take(std::string_view& text) {
    const auto first = first_code_point(text);
    if (first.size == 0) {
        const auto byte = static_cast<unsigned char>(text.front());
        text.remove_prefix(1);
        return stray_byte + byte;
    }
    text.remove_prefix(first.size);
    return first.value;
}

/// The same, where `\` speaks for the character after it. None when the text ends.
std::optional<std::uint32_t> take_escaped(std::string_view& text) {
    if (text.size() > 1 && text.front() == '\\') text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    return take(text);
}

/// What is after a `[`: whether the set holds the character, with the pattern set behind its `]`. None: no `]`.
std::optional<bool> in_set(std::string_view& pattern, std::uint32_t character) {
    auto rest = pattern;
    const bool outside = rest.starts_with('!') || rest.starts_with('^');
    if (outside) rest.remove_prefix(1);
    bool found = false;
    for (bool first = true; first || !rest.starts_with(']'); first = false) { // a ] in the first place is a member
        const auto from = take_escaped(rest);
        if (!from) return std::nullopt;
        auto to = from;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            to = take_escaped(rest);
        }
        found = found || (character >= *from && character <= *to);
    }
    pattern = rest.substr(1);
    return found != outside;
}

/// Whether the pattern's first piece, which is not a `*`, matches the character; it is then taken away.
bool step(std::string_view& pattern, std::uint32_t character) {
    auto rest = pattern;
    bool fits = false;
    if (rest.starts_with('?')) {
        rest.remove_prefix(1);
        fits = true;
    } else if (rest.starts_with('[')) {
        rest.remove_prefix(1);
        const auto in = in_set(rest, character);
        fits = in ? *in : character == '[';
    } else if (!rest.empty()) {
        fits = *take_escaped(rest) == character;
    }
    if (fits) pattern = rest;
    return fits;
}

} // namespace

bool is_glob(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

std::optional<std::string> only_name(std::string_view pattern) {
    if (!is_glob(pattern)) return std::string(pattern);
    std::string name;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (is_glob(pattern.substr(i, 1))) return std::nullopt;
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        name += pattern[i];
    }
    return name;
}

bool matches_glob(std::string_view pattern, std::string_view name) {
    // Behind the last * that was met: only that one may have to take more, since what is before it fits already.
    std::optional<std::string_view> after_star;
    std::string_view not_starred;
    while (true) {
        if (pattern.starts_with('*')) {
            pattern.remove_prefix(1);
            after_star = pattern;
            not_starred = name;
            continue;
        }
        if (name.empty() && pattern.empty()) return true;
        if (!name.empty()) {
            auto rest = name;
            if (step(pattern, take(rest))) {
                name = rest;
                continue;
            }
        }
        if (!after_star || not_starred.empty()) return false;
        static_cast<void>(take(not_starred));
        name = not_starred;
        pattern = *after_star;
    }
}

} // namespace kyc
