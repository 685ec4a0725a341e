#include "core/time_window.hpp"

#include "core/time_zone.hpp"
#include "core/units.hpp"

#include <algorithm>
#include <array>

namespace kyc {

using std::chrono::days;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

/// Of the window's open time on one date; nothing when the clock leaves it out.
struct night {
    sys_seconds begin;
    sys_seconds end;

    [[nodiscard]] bool is_empty() const { return begin >= end; }
};

constexpr int nights_to_look_at = 10'000;

/// The century that can be said ends before the milliseconds of a date do.
time_window::time saturated(std::chrono::sys_time<milliseconds> when) {
    constexpr auto last = std::chrono::floor<milliseconds>(time_window::time::max());
    return when >= last ? time_window::time::max() : time_window::time(when);
}

std::string two_digits(long number) {
    return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

std::string time_of_day(minutes time) {
    return two_digits(time / std::chrono::hours(1)) + ':' + two_digits(time % std::chrono::hours(1) / minutes(1));
}

/// UTC while it cannot be told.
named_zone machine_zone() {
    const auto zone = named_zone::of_machine();
    return zone ? *zone : named_zone();
}

/// HH:MM, at most 24:00.
std::optional<minutes> read_time(std::string_view text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    for (const std::size_t at : {0U, 1U, 3U, 4U})
        if (!is_digit(text[at])) return std::nullopt;
    const auto hour = (text[0] - '0') * 10 + (text[1] - '0');
    const auto minute = (text[3] - '0') * 10 + (text[4] - '0');
    const minutes time(hour * 60 + minute);
    return minute < 60 && time <= days(1) ? std::optional(time) : std::nullopt;
}

} // namespace

struct time_window::span {
    minutes start;
    minutes end; ///< less than start: on the next date
    named_zone zone;

    [[nodiscard]] night on(sys_days date) const {
        const auto last = end > start ? date : date + days(1);
        return {zone.first_at(date + start), zone.first_at(last + end)};
    }

    /// The first date whose night may end after that moment. The clock has come to the end of every earlier one,
    /// wherever it was set since.
    [[nodiscard]] sys_days first_date(sys_seconds now) const {
        return std::chrono::floor<days>(zone.on_wall(now)) - days(1);
    }

    /// The first night that ends after that moment, and its date.
    [[nodiscard]] std::pair<sys_days, night> next(sys_seconds now) const {
        auto date = first_date(now);
        auto found = on(date);
        while (found.is_empty() || found.end <= now)
            found = on(date += days(1));
        return {date, found};
    }
};

time_window::time_window() = default;

time_window time_window::nightly() {
    const auto zone = named_zone::of_machine();
    return time_window(
        std::make_shared<const span>(span{std::chrono::hours(22), std::chrono::hours(6), zone ? *zone : named_zone()}));
}

boost::system::result<time_window, std::string> time_window::parse(std::string_view text) {
    if (text == "always") return time_window();
    const auto hours = text.substr(0, text.find(' '));
    const auto start = read_time(hours.substr(0, 5));
    const auto end = hours.size() > 6 ? read_time(hours.substr(6)) : std::nullopt;
    if (!start || !end || hours[5] != '-' || *start == days(1))
        return quote_text(text) + " is not a window; write HH:MM-HH:MM, if need be with a time zone, e.g. "
                                  "\"22:00-06:00\" or \"22:00-06:00 Europe/Berlin\"; or always";
    if (*start == *end)
        return quote_text(text) + " begins when it ends; for the whole day write \"00:00-24:00\" or always";

    auto name = text.substr(hours.size());
    name.remove_prefix(std::min(name.size(), name.find_first_not_of(' ')));
    if (name.empty() && hours.size() != text.size())
        return quote_text(text) + " ends in a space; write the time zone there, or nothing";
    const auto zone = name.empty() ? named_zone::of_machine() : named_zone::find(name);
    if (!zone && name.empty())
        return quote_text(text) + " needs a time zone, since the machine's cannot be told: " + zone.error() +
               "; write e.g. \"" + std::string(hours) + " Europe/Berlin\"";
    if (!zone) return zone.error();
    if (*start == minutes(0) && *end == days(1)) return time_window();
    return time_window(std::make_shared<const span>(span{*start, *end, *zone}));
}

std::optional<std::string> time_window::machine_zone_trouble() {
    const auto zone = named_zone::of_machine();
    return zone ? std::nullopt : std::optional(zone.error());
}

bool time_window::is_open(time now) const {
    const auto second = std::chrono::floor<seconds>(now);
    return is_always() || span_->next(second).second.begin <= second;
}

time_window::time time_window::opens(time now) const {
    if (is_always()) return now;
    return std::max(now, saturated(span_->next(std::chrono::floor<seconds>(now)).second.begin));
}

time_window::time time_window::closes(time now) const {
    if (is_always()) return time::max();
    auto [date, found] = span_->next(std::chrono::floor<seconds>(now));
    // Where a day or an hour is left out, the end of one night can be the beginning of the next.
    for (auto after = span_->on(date += days(1)); after.begin <= found.end; after = span_->on(date += days(1)))
        found.end = std::max(found.end, after.end);
    return saturated(found.end);
}

time_window::time time_window::done_after(time now, milliseconds duration) const {
    if (duration <= milliseconds(0)) return now;
    const auto from = std::chrono::ceil<milliseconds>(now);
    if (is_always()) return saturated(from + duration);
    const auto first = span_->first_date(std::chrono::floor<seconds>(now));
    for (auto date = first; date < first + days(nights_to_look_at); date += days(1)) {
        const auto night = span_->on(date);
        const auto begin = std::max<std::chrono::sys_time<milliseconds>>(night.begin, from);
        if (begin >= night.end) continue;
        if (duration <= night.end - begin) return saturated(begin + duration);
        duration -= night.end - begin;
    }
    return time::max();
}

std::string time_window::describe() const {
    if (is_always()) return "always";
    return time_of_day(span_->start) + '-' + time_of_day(span_->end) + ' ' + span_->zone.name();
}

std::string time_window::on_its_clock(time when) const {
    constexpr std::array<const char*, 7> weekdays{"Sun ", "Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat "};
    constexpr std::array<const char*, 12> months{" Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ",
                                                 " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec "};
    const auto zone = is_always() ? machine_zone() : span_->zone;
    const auto second = std::chrono::floor<seconds>(when);
    const auto shown = zone.on_wall(second);
    const auto date = std::chrono::floor<days>(shown);
    const std::chrono::year_month_day calendar(date);
    return weekdays.at(std::chrono::weekday(date).c_encoding()) +
           std::to_string(static_cast<unsigned>(calendar.day())) +
           months.at(static_cast<unsigned>(calendar.month()) - 1) +
           time_of_day(std::chrono::floor<minutes>(shown - date)) + ' ' + zone.abbreviation(second);
}

bool time_window::operator==(const time_window& other) const {
    if (is_always() || other.is_always()) return is_always() == other.is_always();
    return span_->start == other.span_->start && span_->end == other.span_->end &&
           span_->zone.name() == other.span_->zone.name();
}

} // namespace kyc
