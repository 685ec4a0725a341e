#include "core/date.hpp"

#include <charconv>
#include <chrono>

namespace kyc {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// `digits` and nothing else: from_chars alone would take a sign.
std::optional<int> number(std::string_view digits, std::size_t least, std::size_t most) {
    if (digits.size() < least || digits.size() > most ||
        digits.find_first_not_of("0123456789") != std::string_view::npos) {
        return std::nullopt;
    }
    int value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

void append_padded(std::string& out, int value, std::size_t width) {
    const auto digits = std::to_string(value);
    out.append(width - digits.size(), '0').append(digits);
}

} // namespace

std::optional<std::string> normalise_date(std::string_view text) {
    text = trimmed(text);
    const auto first = text.find('-');
    const auto second = first == std::string_view::npos ? first : text.find('-', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    const auto year = number(text.substr(0, first), 4, 4);
    const auto month = number(text.substr(first + 1, second - first - 1), 1, 2);
    const auto day = number(text.substr(second + 1), 1, 2);
    if (!year || !month || !day || *year == 0) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) {
        return std::nullopt;
    }
    std::string iso;
    append_padded(iso, *year, 4);
    iso += '-';
    append_padded(iso, *month, 2);
    iso += '-';
    append_padded(iso, *day, 2);
    return iso;
}

} // namespace kyc
