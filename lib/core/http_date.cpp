#include "core/http_date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace kyc {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::optional<int> read_number(std::string_view text, std::size_t max_digits) {
    int value = 0;
    if (text.empty() || text.size() > max_digits) return {};
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) return {};
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

std::optional<unsigned> read_month(std::string_view text) {
    const auto* found = std::find(month_names.begin(), month_names.end(), text);
    if (found == month_names.end()) return {};
    return static_cast<unsigned>(found - month_names.begin()) + 1;
}

/// "08:49:37"
std::optional<seconds> read_time(std::string_view text) {
    if (text.size() != 8 || text[2] != ':' || text[5] != ':') return {};
    const auto h = read_number(text.substr(0, 2), 2);
    const auto m = read_number(text.substr(3, 2), 2);
    const auto s = read_number(text.substr(6, 2), 2);
    if (!h || !m || !s || *h > 23 || *m > 59 || *s > 60) return {}; // 60: a leap second
    return hours{*h} + minutes{*m} + seconds{*s};
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(" ,-"), text.size());
        if (end > 0) words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

std::optional<sys_seconds> assemble(std::string_view y, std::string_view m, std::string_view d, std::string_view t) {
    const auto month_number = read_month(m);
    const auto day_number = read_number(d, 2);
    auto year_number = read_number(y, 4);
    const auto time = read_time(t);
    if (!month_number || !day_number || !year_number || !time) return {};
    if (y.size() == 2) *year_number += *year_number < 70 ? 2000 : 1900; // RFC 850's short year
    if (y.size() != 2 && y.size() != 4) return {};
    const year_month_day date{year{*year_number}, month{*month_number}, day{static_cast<unsigned>(*day_number)}};
    if (!date.ok()) return {};
    return sys_days{date} + *time;
}

} // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text) {
    if (text.size() > 64) return {};
    const auto words = words_of(text);
    // Sun, 06 Nov 1994 08:49:37 GMT   and   Sunday, 06-Nov-94 08:49:37 GMT
    if (words.size() == 6 && words[5] == "GMT") return assemble(words[3], words[2], words[1], words[4]);
    // Sun Nov  6 08:49:37 1994
    if (words.size() == 5) return assemble(words[4], words[1], words[2], words[3]);
    return {};
}

std::string to_http_date(sys_seconds time) {
    constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    const auto day = floor<std::chrono::days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(time - day);
    const auto two = [](auto number) {
        const auto digits = std::to_string(number);
        return digits.size() < 2 ? "0" + digits : digits;
    };
    return std::string(days.at(weekday(day).c_encoding())) + ", " + two(unsigned{date.day()}) + " " +
           std::string(month_names.at(unsigned{date.month()} - 1)) + " " + std::to_string(int{date.year()}) + " " +
           two(clock.hours().count()) + ":" + two(clock.minutes().count()) + ":" + two(clock.seconds().count()) +
           " GMT";
}

std::optional<milliseconds> read_retry_after(std::string_view value, std::optional<sys_seconds> now) {
    constexpr seconds longest = days{365};
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
        value.remove_suffix(1);
    if (value.empty()) return {};
    if (std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        const auto number = read_number(value, 9);
        return number ? std::min(seconds{*number}, longest) : longest;
    }
    const auto date = parse_http_date(value);
    if (!date || !now) return {};
    return std::clamp(*date - *now, seconds{0}, longest);
}

} // namespace kyc
