#pragma once
// Durations and sizes as people write them in the settings, on the command line and in messages.

#include <boost/system/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kyc {

/// The longest duration that can be written: a century. Any point in time of a std::chrono clock plus this much still
/// fits its nanoseconds.
inline constexpr std::chrono::milliseconds longest_duration = std::chrono::hours(24 * 36'500);

/// Reads `250ms 5s 15m 6h 90d`, and `0`. A fraction is fine while it makes whole milliseconds (`1.5s`, not `0.5ms`); no
/// sign, no space, no exponent, no other bare number. Longer than `longest_duration` is an error.
/// The error is a sentence for people that quotes the text: "'10' is not a duration; write e.g. 250ms, 5s, 15m".
[[nodiscard]] boost::system::result<std::chrono::milliseconds, std::string> parse_duration(std::string_view text);

/// Reads `100B 64kB 2MB 1GB` (powers of 1000; `KB` is `kB`) and `512KiB 256MiB 1GiB` (powers of 1024), and `0`. A
/// fraction is fine while it makes whole bytes (`1.5MiB`). No other bare number, since nobody can say what `256` means.
/// The error is a sentence for people that quotes the text.
[[nodiscard]] boost::system::result<std::uint64_t, std::string> parse_size(std::string_view text);

/// The same duration in its largest unit that needs no fraction, or in seconds: `90d`, `15m`, `90s`, `500ms`, `1.5s`.
/// parse_duration reads it back exactly (when it is not negative).
[[nodiscard]] std::string format_duration(std::chrono::milliseconds value);

/// A size for people: exact and as short as can be when it is round (`256MiB`, `2MB`, `0B`), else bytes below 10 kB,
/// else one decimal (`181.2kB`).
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// A text from outside as it may stand in a message: in quotes, control characters and bytes that are not ASCII as
/// `\xNN`, cut after 60 characters.
[[nodiscard]] std::string quote_text(std::string_view text);

} // namespace kyc
