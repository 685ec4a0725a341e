#include "text/csv_rows.hpp"

#include "core/plain_text.hpp"
#include "text/csv_stream.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

bool same_letters(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

std::string_view csv_row::cell(std::size_t column) const {
    return column < cells.size() ? std::string_view(cells[column]) : std::string_view();
}

std::optional<std::string> csv_row::too_long_for(std::size_t columns) const {
    if (cells.size() <= columns) return std::nullopt;
    return "it has " + std::to_string(cells.size()) + " cells, and the header has " + std::to_string(columns);
}

std::optional<std::size_t> csv_table::column(std::string_view name) const {
    const auto found =
        std::find_if(header.begin(), header.end(), [&](const auto& title) { return same_letters(title, name); });
    if (found == header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - header.begin());
}

std::optional<std::string_view> csv_table::repeated_column() const {
    for (auto title = header.begin(); title != header.end(); ++title) {
        const auto same = [&](const std::string& other) { return same_letters(other, *title); };
        // Spreadsheets leave columns without a name behind.
        if (!title->empty() && std::any_of(header.begin(), title, same)) return *title;
    }
    return std::nullopt;
}

std::string csv_table::columns_in_words() const {
    std::string text;
    for (const auto& title : header)
        if (!title.empty()) text += (text.empty() ? "" : ", ") + printable(title);
    return text;
}

boost::system::result<csv_table, std::string> read_csv(std::string_view text) {
    csv_stream stream([&text](std::span<char> into) {
        const auto size = text.copy(into.data(), into.size());
        text.remove_prefix(size);
        return size;
    });
    auto table = stream.read_header();
    while (table) {
        auto row = stream.next();
        if (!row) return row.error();
        if (!*row) break;
        table->rows.push_back(std::move(**row));
    }
    return table;
}

} // namespace kyc
