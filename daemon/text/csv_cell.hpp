#pragma once
// A text as a cell of a CSV that people open in a spreadsheet.

#include <string>
#include <string_view>

namespace kyc {

/// RFC 4180, quoted where that needs it. The text is made printable, so it stays in its line and begins with no tab or
/// line end; one that begins with = + - or @, and that a spreadsheet would take for a formula, gets an apostrophe
/// before it (OWASP, "CSV Injection").
[[nodiscard]] std::string csv_cell(std::string_view text);

} // namespace kyc
