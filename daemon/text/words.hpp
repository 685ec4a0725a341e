#pragma once
// How the commands print: names that nobody chose kindly, times, ages, and columns.

#include "core/plain_text.hpp"
#include "core/report_json.hpp"

#include <boost/system/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// "2026-11-20 01:02:03Z"
[[nodiscard]] std::string time_words(utc_time time);

/// Two units at most: "41s", "3m 12s", "2h 05m", "3d 04h"; "0s" for what lies in the future.
[[nodiscard]] std::string age_words(std::chrono::system_clock::duration age);

/// "1 case", "2 cases"
[[nodiscard]] std::string count_words(std::uint64_t count, std::string_view one, std::string_view many);

/// Reads a point in time: a duration back from `now` (`2h`, `3d`), or a date or time in UTC (`2026-11-20`,
/// `2026-11-20T01:02`, `2026-11-20T01:02:03Z`). The error is a sentence that quotes the text.
[[nodiscard]] boost::system::result<utc_time, std::string> parse_since(std::string_view text, utc_time now);

/// Lines whose columns stand below each other. The cells are made printable.
class text_table {
  public:
    /// What a cell is to look like once it has its width: given its line (0: the titles), its column and its text.
    using painting = std::function<std::string(std::size_t line, std::size_t column, std::string text)>;

    explicit text_table(std::vector<std::string> heads) { add(std::move(heads)); }

    void add(std::vector<std::string> cells);

    /// Columns named here are aligned to the right.
    void print(std::ostream& out, const std::vector<std::size_t>& right = {}, const painting& paint = {}) const;

  private:
    std::vector<std::vector<std::string>> lines_;
};

/// The text, filled with spaces to a width.
[[nodiscard]] std::string padded(std::string text, std::size_t width, bool right = false);

} // namespace kyc
