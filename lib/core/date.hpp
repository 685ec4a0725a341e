#pragma once
// Dates as the API prints them, made ISO 8601.

#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// "1991-9-24" becomes "1991-09-24". None for an empty text, for anything with a missing part ("None-None-None",
/// "1991-None-None"), for a day the calendar does not have, and for text of another form. The year has four digits.
[[nodiscard]] std::optional<std::string> normalise_date(std::string_view text);

} // namespace kyc
