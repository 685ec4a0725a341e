#pragma once
// JSON in and out with kycd's own bounds: hostile input must not hurt, output must always be valid.

#include <boost/json/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace kyc {

/// The limits for a reply (design section 8).
inline constexpr std::size_t max_reply_bytes = std::size_t{8} << 20;
inline constexpr std::size_t max_reply_depth = 64;

/// How much is read at all.
struct json_limits {
    std::size_t bytes = max_reply_bytes;
    std::size_t depth = max_reply_depth;
};

/// Parses one JSON value within the limits; strict: valid UTF-8, no comments, no trailing commas, no NaN. With
/// duplicate keys the last one wins. On error the value is null and `error` is set, to a text that quotes nothing of
/// the input.
[[nodiscard]] boost::json::value parse_json(std::string_view text, std::string& error, json_limits limits = {});

/// Appends `text` with its quotes. Control characters are escaped, other UTF-8 is kept, and bytes that are not UTF-8
/// become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Appends the value in one line. A number that JSON cannot say (1e400 is read as infinity) becomes null.
void append_json_value(std::string& out, const boost::json::value& value);

/// The same as a text of its own.
[[nodiscard]] std::string to_json_text(const boost::json::value& value);

/// The longest start of `text` of at most `limit` bytes that does not end inside a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t limit);

} // namespace kyc
