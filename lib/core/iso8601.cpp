// Times as the JSON files and the ledger write them: UTC, milliseconds, no locale.

#include "core/report_json.hpp"

#include <charconv>

namespace kyc {
namespace {

constexpr std::string_view pattern = "dddd-dd-ddTdd:dd:dd.dddZ";

void append_padded(std::string& out, long long value, std::size_t width) {
    const auto digits = std::to_string(value);
    out.append(digits.size() < width ? width - digits.size() : 0, '0').append(digits);
}

bool fits_pattern(std::string_view text) {
    if (text.size() != pattern.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (pattern[i] == 'd' ? !digit : text[i] != pattern[i]) {
            return false;
        }
    }
    return true;
}

int digits_at(std::string_view text, std::size_t from, std::size_t count) {
    int value = 0;
    std::from_chars(text.data() + from, text.data() + from + count, value);
    return value;
}

} // namespace

std::string to_iso8601(utc_time time) {
    const auto moment = std::chrono::floor<std::chrono::milliseconds>(time);
    const auto midnight = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss clock{moment - midnight};
    std::string text;
    append_padded(text, static_cast<int>(date.year()), 4);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.month()), 2);
    text += '-';
    append_padded(text, static_cast<unsigned>(date.day()), 2);
    text += 'T';
    append_padded(text, clock.hours().count(), 2);
    text += ':';
    append_padded(text, clock.minutes().count(), 2);
    text += ':';
    append_padded(text, clock.seconds().count(), 2);
    text += '.';
    append_padded(text, clock.subseconds().count(), 3);
    text += 'Z';
    return text;
}

std::optional<utc_time> from_iso8601(std::string_view text) {
    if (!fits_pattern(text)) {
        return std::nullopt;
    }
    const int year = digits_at(text, 0, 4);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(digits_at(text, 5, 2))},
                                           std::chrono::day{static_cast<unsigned>(digits_at(text, 8, 2))}};
    const int hour = digits_at(text, 11, 2);
    const int minute = digits_at(text, 14, 2);
    const int second = digits_at(text, 17, 2);
    // 64 bits of nanoseconds reach from 1677 to 2262.
    if (!date.ok() || year < 1678 || year > 2261 || hour > 23 || minute > 59 || second > 59) {
        return std::nullopt;
    }
    return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
           std::chrono::seconds{second} + std::chrono::milliseconds{digits_at(text, 20, 3)};
}

std::optional<utc_time> from_written_time(std::string_view text) {
    std::string full(text);
    if (full.size() > 10 && full.back() == 'Z') full.pop_back();
    if (full.size() > 10 && full[10] == ' ') full[10] = 'T';
    constexpr std::string_view rest = "T00:00:00.000Z";
    // A date, with minutes, with seconds, with milliseconds.
    for (const std::size_t known : {10u, 16u, 19u, 23u})
        if (full.size() == known) return from_iso8601(full.append(rest.substr(known - 10)));
    return std::nullopt;
}

} // namespace kyc
