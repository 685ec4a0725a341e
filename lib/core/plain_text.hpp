#pragma once
// Text from strangers, character by character, and made fit for a terminal or a log.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kyc {

/// One character of a text that should be UTF-8. `size` is 0 when it is not.
struct code_point {
    std::uint32_t value = 0;
    std::size_t size = 0; ///< bytes
};

/// The first character of a text that is not empty: shortest form only, no surrogates (RFC 3629).
[[nodiscard]] code_point first_code_point(std::string_view text);

/// How many bytes at the start of `text` are text: UTF-8 as first_code_point() reads it, without a byte 0. All of them,
/// or up to the first that is not.
[[nodiscard]] std::size_t readable_bytes(std::string_view text);

/// How many columns of a terminal a printable text takes: two for East Asian wide characters and pictures, none for
/// marks that are set on the character before.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// As text in one line: control characters, characters that hide or turn around what follows them, and bytes that are
/// not UTF-8 become \x0a and so on. A name in the inbox may be any bytes.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace kyc
