#pragma once
// CSV as spreadsheets write it (RFC 4180, by libcsv): rows that know in which line they began, columns by name.

#include <boost/system/result.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// One row. `line` counts from 1; a row in quotes may go over several.
struct csv_row {
    std::size_t line = 0;
    std::vector<std::string> cells; ///< UTF-8; spaces around a cell that is not in quotes are gone

    /// Empty where the row is too short.
    [[nodiscard]] std::string_view cell(std::size_t column) const;

    /// What is wrong with a row that has more cells than the header has columns, as when a comma stands in a cell
    /// without quotes: each cell behind it is in another column than was meant.
    [[nodiscard]] std::optional<std::string> too_long_for(std::size_t columns) const;
};

/// A whole file. Rows may be shorter or longer than the header: who reads them knows whether that is wrong.
struct csv_table {
    std::vector<std::string> header; ///< as written
    std::size_t header_line = 1;
    std::vector<csv_row> rows; ///< without empty lines
    char delimiter = ',';

    /// The column of this name, the case of ASCII letters ignored.
    [[nodiscard]] std::optional<std::size_t> column(std::string_view name) const;

    /// The second of two columns of one name.
    [[nodiscard]] std::optional<std::string_view> repeated_column() const;

    /// The header's names as they may stand in a message.
    [[nodiscard]] std::string columns_in_words() const;
};

/// Reads a text with a header in its first row. A byte order mark, CRLF and CR are accepted; cells are parted by comma,
/// semicolon or tab, whichever the header has most of, or by what a line "sep=;" before it says. The error is a
/// sentence with the line: no header, two columns of one name, a quote where none may stand or that is never closed,
/// bytes that are not UTF-8 (a spreadsheet's own format, UTF-16). Pure.
[[nodiscard]] boost::system::result<csv_table, std::string> read_csv(std::string_view text);

} // namespace kyc
