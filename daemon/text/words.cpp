#include "text/words.hpp"

#include "core/units.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ostream>

namespace kyc {

namespace {

std::string two_units(std::int64_t large, const char* large_unit, std::int64_t small, const char* small_unit,
                      bool two_digits) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), two_digits ? "%lld%s %02lld%s" : "%lld%s %lld%s",
                  static_cast<long long>(large), large_unit, static_cast<long long>(small), small_unit);
    return text.data();
}

} // namespace

std::string time_words(utc_time time) {
    auto text = to_iso8601(time); // 2026-11-20T01:02:03.456Z
    text[10] = ' ';
    return text.substr(0, 19) + "Z";
}

std::string age_words(std::chrono::system_clock::duration age) {
    const auto seconds = std::max<std::int64_t>(std::chrono::floor<std::chrono::seconds>(age).count(), 0);
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return two_units(seconds / 60, "m", seconds % 60, "s", true);
    if (seconds < 86'400) return two_units(seconds / 3600, "h", seconds % 3600 / 60, "m", true);
    return two_units(seconds / 86'400, "d", seconds % 86'400 / 3600, "h", true);
}

std::string count_words(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

boost::system::result<utc_time, std::string> parse_since(std::string_view text, utc_time now) {
    if (const auto back = parse_duration(text)) return now - *back;
    if (const auto time = from_written_time(text)) return *time;
    return quote_text(text) + " is no time; write e.g. 2h or 3d (back from now), 2026-11-20 or 2026-11-20T01:02Z";
}

std::string padded(std::string text, std::size_t width, bool right) {
    const auto has = columns_of(text);
    if (has >= width) return text;
    return right ? std::string(width - has, ' ') + text : text + std::string(width - has, ' ');
}

void text_table::add(std::vector<std::string> cells) {
    for (auto& cell : cells)
        cell = printable(cell);
    lines_.push_back(std::move(cells));
}

void text_table::print(std::ostream& out, const std::vector<std::size_t>& right, const painting& paint) const {
    std::vector<std::size_t> widths;
    for (const auto& line : lines_) {
        widths.resize(std::max(widths.size(), line.size()));
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], columns_of(line[i]));
    }
    for (std::size_t number = 0; number < lines_.size(); ++number) {
        const auto& line = lines_[number];
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const bool to_the_right = std::find(right.begin(), right.end(), i) != right.end();
            const bool last = i + 1 == line.size();
            const auto cell = last && !to_the_right ? line[i] : padded(line[i], widths[i], to_the_right);
            text += paint ? paint(number, i, cell) : cell;
            if (!last) text += "  ";
        }
        out << text << '\n';
    }
}

} // namespace kyc
