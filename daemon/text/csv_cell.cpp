#include "text/csv_cell.hpp"

#include "core/plain_text.hpp"

namespace kyc {

std::string csv_cell(std::string_view text) {
    auto cell = printable(text);
    if (!cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos) cell.insert(0, "'");
    // A space at an end would be lost in some readers.
    const bool spaced = !cell.empty() && (cell.front() == ' ' || cell.back() == ' ');
    if (!spaced && cell.find_first_of(",;\"") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (const char c : cell)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + '"';
}

} // namespace kyc
