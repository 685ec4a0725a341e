#pragma once
// The two headers that carry times: Date and Retry-After (RFC 9110, sections 5.6.7, 6.6.1 and 10.2.3).

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// An HTTP date in any of the three forms a recipient must know; none when it is not one.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text);

/// The form in which we write it: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string to_http_date(std::chrono::sys_seconds time);

/// How long Retry-After asks to wait: whole seconds, or a date seen from `now` (the same reply's Date, so that our own
/// clock does not matter). Never negative, at most a year; none when it is neither, or a date without `now`.
[[nodiscard]] std::optional<std::chrono::milliseconds> read_retry_after(std::string_view value,
                                                                        std::optional<std::chrono::sys_seconds> now);

} // namespace kyc
