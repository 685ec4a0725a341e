#pragma once
// What a file is by its first bytes; its name says nothing.

#include <cstddef>
#include <span>
#include <string_view>

namespace kyc::image {

enum class content_kind { jpeg, png, other };

/// A kind and its name for people, e.g. "a PDF document"; "not a picture in a known format" when nothing matches.
struct content_guess {
    content_kind kind = content_kind::other;
    std::string_view name;
};

/// Looks at no more than the first 64 KiB.
[[nodiscard]] content_guess guess_content(std::span<const std::byte> bytes);

} // namespace kyc::image
