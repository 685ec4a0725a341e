#pragma once
// CSV row by row, so that a file of any size takes the memory of one row.

#include "text/csv_rows.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace kyc {

/// A row that cannot be read as one.
struct broken_row {
    std::size_t line = 0; ///< where it begins
    std::string why;      ///< a sentence without its end
};

using row_or_broken = std::variant<csv_row, broken_row>;

/// Reads what read_csv() reads, with the same errors, which are sentences. One thread at a time.
class csv_stream {
  public:
    /// Puts the next bytes of the file into the buffer; how many, 0 at its end. Who gives it keeps what went wrong.
    using source = std::function<std::size_t(std::span<char>)>;

    explicit csv_stream(source from);
    csv_stream(const csv_stream&) = delete;
    csv_stream& operator=(const csv_stream&) = delete;
    ~csv_stream();

    /// The table without its rows. Once, and first.
    [[nodiscard]] boost::system::result<csv_table, std::string> read_header();

    /// None at the end of the file. Not after an error. A row of more than a mebibyte is one: a quote was never closed.
    [[nodiscard]] boost::system::result<std::optional<csv_row>, std::string> next();

    /// The same, for rows that are good or bad each for itself: one that cannot be read (a quote where none may stand,
    /// or that is never closed; bytes that are not UTF-8; more than a mebibyte) is told, and what follows its first
    /// line is read. Lines that a quote took in and that are read as rows after all must have as many cells as the
    /// header: a piece of a text in quotes is no row. The error is one of the whole file: a byte 0, which no text has.
    [[nodiscard]] boost::system::result<std::optional<row_or_broken>, std::string> next_or_broken();

  private:
    class lines;
    class parser;

    std::unique_ptr<lines> lines_;
    std::unique_ptr<parser> parser_; ///< once the header has told what parts the cells
};

} // namespace kyc
