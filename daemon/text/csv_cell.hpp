#pragma once
// A text as a cell of a CSV that people open in a spreadsheet.

#include <string>
#include <string_view>

namespace kyc {

/// RFC 4180, quoted where that needs it. The text is made printable, so it stays in its line and begins with no tab or
/// line end; where it, or what follows a semicolon in it, begins with = + - or @, and a spreadsheet would take it for a
/// formula, there is an apostrophe before that (OWASP, "CSV Injection").
[[nodiscard]] std::string csv_cell(std::string_view text);

} // namespace kyc
