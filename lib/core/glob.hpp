#pragma once
// Names by a pattern, as a shell's user writes them.

#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Whether the text holds one of * ? [, and so may mean more than itself.
[[nodiscard]] bool is_glob(std::string_view text);

/// The only name that the pattern matches, where each of its * ? [ stands behind a `\` (or it has none of them); none:
/// it may match several.
[[nodiscard]] std::optional<std::string> only_name(std::string_view pattern);

/// Whether the pattern matches the whole name: `*` any characters or none, `?` one, `[a-z_]` one of a set, `[!a-z]` one
/// outside of it, `\` the next character itself. A `[` without its `]` means itself. Unlike fnmatch(3) it knows no
/// locale: characters are those of UTF-8, ranges go by their numbers, and a byte that is not UTF-8 is a character.
/// No pattern takes exponential time.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view name);

} // namespace kyc
