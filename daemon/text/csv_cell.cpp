#include "text/csv_cell.hpp"

#include "core/plain_text.hpp"

namespace kyc {

namespace {

/// With an apostrophe before what begins a formula at the text's start or behind a semicolon: a spreadsheet that parts
/// lists there takes quotes in the middle of what it reads for letters, and those at a cell's start off.
std::string without_formulas(std::string_view text) {
    std::string plain;
    bool begins = true;
    for (const char c : text) {
        if (begins && std::string_view("=+-@").find(c) != std::string_view::npos) plain += '\'';
        plain += c;
        begins = c == ';' || (begins && c == '"');
    }
    return plain;
}

} // namespace

std::string csv_cell(std::string_view text) {
    auto cell = without_formulas(printable(text)); // a tab parts nothing: it is printed as \x09
    // A space at an end would be lost in some readers.
    const bool spaced = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
    if (!spaced && cell.find_first_of(",;\"") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char c : cell)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

} // namespace kyc
