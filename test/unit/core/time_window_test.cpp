#include "core/report_json.hpp"
#include "core/time_window.hpp"
#include "support/timezone.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using kyc::time_window;
using time_point = time_window::time;
using std::chrono::days;

time_window window(const std::string& text) {
    const auto read = time_window::parse(text);
    BOOST_REQUIRE_MESSAGE(read.has_value(), text);
    return *read;
}

/// "2026-03-28 21:00", in UTC.
time_point utc(const std::string& text) {
    return kyc::from_iso8601(text.substr(0, 10) + "T" + text.substr(11) + ":00.000Z").value();
}

std::string text_of(time_point when) {
    if (when == time_point::max()) return "never";
    auto text = kyc::to_iso8601(when);
    text[10] = ' ';
    return text.substr(0, text.ends_with("00.000Z") ? 16 : 23);
}

/// "opens-closes" of the window's next night, in UTC.
std::string next_night(const time_window& of, const std::string& now) {
    const auto opens = of.opens(utc(now));
    return text_of(opens) + " - " + text_of(of.closes(opens));
}

/// What the C library says of a moment in the zone that TZ names: as if the clock on the wall were UTC's.
time_point on_wall(time_point when) {
    const auto seconds = std::chrono::system_clock::to_time_t(when);
    std::tm shown{};
    ::localtime_r(&seconds, &shown);
    return std::chrono::system_clock::from_time_t(::timegm(&shown));
}

/// A window's hours in minutes; `end` may be above a day.
struct hours_of_day {
    int start;
    int end;
};

hours_of_day hours_of(const std::string& text) {
    const auto minute = [&](std::size_t at) {
        return std::stoi(text.substr(at, 2)) * 60 + std::stoi(text.substr(at + 3, 2));
    };
    hours_of_day hours{minute(0), minute(6)};
    if (hours.end <= hours.start) hours.end += 24 * 60;
    return hours;
}

/// The other way to say what a window is: open while a clock that never goes back shows a time within its hours.
bool shows_open(const hours_of_day& hours, time_point highest_shown) {
    const auto minute =
        std::chrono::floor<std::chrono::minutes>(highest_shown - std::chrono::floor<days>(highest_shown));
    const auto now = static_cast<int>(minute.count());
    return (now >= hours.start && now < hours.end) || now + 24 * 60 < hours.end;
}

// On quarters of an hour, by which the clocks of these days are set.
const std::vector<std::string> some_windows{"22:00-06:00", "01:00-05:00", "02:15-02:45", "02:30-24:00",
                                            "00:00-02:30", "23:30-00:30", "03:00-02:00", "00:00-23:45",
                                            "12:00-13:00", "23:45-00:00", "00:00-00:15", "02:30-02:15"};

struct disagreement {
    std::size_t count = 0;
    std::optional<time_point> first;
};

/// Where what a window says differs from what its hours mean, or from what it said itself a quarter of an hour before.
/// TZ is its zone.
disagreement disagreements(const time_window& looked_at, const hours_of_day& hours, time_point begin, time_point end) {
    constexpr auto step = 15min;
    auto highest = on_wall(begin - days(3));
    for (auto now = begin - days(3); now < begin; now += step)
        highest = std::max(highest, on_wall(now));
    disagreement found;
    auto opens = looked_at.opens(begin);
    auto closes = looked_at.closes(opens);
    for (auto now = begin; now < end; now += step) {
        highest = std::max(highest, on_wall(now));
        const bool open = shows_open(hours, highest);
        if (now >= closes) { // the next night
            opens = looked_at.opens(now);
            closes = looked_at.closes(opens);
        }
        const auto work = std::min<std::chrono::milliseconds>(
            1h, std::chrono::floor<std::chrono::milliseconds>(closes - std::max(now, opens)));
        const bool right = looked_at.is_open(now) == open && open == (now >= opens && now < closes) &&
                           looked_at.opens(now) == std::max(now, opens) &&
                           looked_at.closes(std::max(now, opens)) == closes &&
                           looked_at.done_after(now, work) == std::max(now, opens) + work;
        if (right) continue;
        ++found.count;
        if (!found.first) found.first = now;
    }
    return found;
}

} // namespace

BOOST_AUTO_TEST_SUITE(time_windows)

BOOST_AUTO_TEST_CASE(a_window_passes_midnight) {
    const auto nightly = window("22:00-06:00 UTC");
    const std::vector<std::pair<std::string, bool>> moments{{"2026-11-22 21:59", false}, {"2026-11-22 22:00", true},
                                                            {"2026-11-22 23:59", true},  {"2026-11-23 00:00", true},
                                                            {"2026-11-23 05:59", true},  {"2026-11-23 06:00", false},
                                                            {"2026-11-23 12:00", false}};
    for (const auto& [moment, open] : moments)
        BOOST_TEST(nightly.is_open(utc(moment)) == open, moment);
    BOOST_TEST(nightly.is_open(utc("2026-11-23 06:00") - 1ns));
    BOOST_TEST(!nightly.is_open(utc("2026-11-22 22:00") - 1ns));
    BOOST_TEST(next_night(nightly, "2026-11-22 12:00") == "2026-11-22 22:00 - 2026-11-23 06:00");
    BOOST_TEST(text_of(nightly.closes(utc("2026-11-22 22:00"))) == "2026-11-23 06:00");
    BOOST_TEST(text_of(nightly.closes(utc("2026-11-23 05:59"))) == "2026-11-23 06:00");
    BOOST_TEST((nightly.opens(utc("2026-11-23 01:00") + 1ns) == utc("2026-11-23 01:00") + 1ns));
    BOOST_TEST(text_of(nightly.opens(utc("2026-11-23 06:00"))) == "2026-11-23 22:00");
}

BOOST_AUTO_TEST_CASE(a_window_may_lie_within_a_day_and_end_with_it) {
    const auto noon = window("12:00-13:30 UTC");
    BOOST_TEST(next_night(noon, "2026-11-22 13:30") == "2026-11-23 12:00 - 2026-11-23 13:30");
    const auto evening = window("20:00-24:00 UTC");
    BOOST_TEST(next_night(evening, "2026-11-22 10:00") == "2026-11-22 20:00 - 2026-11-23 00:00");
    BOOST_TEST(!evening.is_open(utc("2026-11-23 00:00")));
    const auto to_midnight = window("20:00-00:00 UTC");
    BOOST_TEST(next_night(to_midnight, "2026-11-22 10:00") == "2026-11-22 20:00 - 2026-11-23 00:00");
    const auto minute = window("23:59-00:00 UTC");
    BOOST_TEST(next_night(minute, "2026-12-31 23:59") == "2026-12-31 23:59 - 2027-01-01 00:00");
    const auto most = window("00:00-23:59 UTC");
    BOOST_TEST(next_night(most, "2028-02-28 23:59") == "2028-02-29 00:00 - 2028-02-29 23:59");
}

BOOST_AUTO_TEST_CASE(always_and_the_whole_day_are_always_open) {
    for (const auto& always :
         {time_window(), window("always"), window("00:00-24:00"), window("00:00-24:00 Asia/Tokyo")}) {
        const auto now = utc("2026-11-22 13:00");
        BOOST_TEST(always.is_always());
        BOOST_TEST(always.is_open(now));
        BOOST_TEST((always.opens(now) == now));
        BOOST_TEST((always.closes(now) == time_point::max()));
        BOOST_TEST((always.done_after(now, 90min) == now + 90min));
        BOOST_TEST(always.describe() == "always");
    }
    BOOST_TEST(!window("00:00-23:59 UTC").is_always());
}

BOOST_AUTO_TEST_CASE(nights_in_which_the_clock_is_set_are_longer_or_shorter) {
    struct row {
        std::string text;
        std::string now;
        std::string expected;
    };

    const std::vector<row> rows{
        {"22:00-06:00 Europe/Berlin", "2026-03-27 12:00", "2026-03-27 21:00 - 2026-03-28 05:00"},
        {"22:00-06:00 Europe/Berlin", "2026-03-28 12:00", "2026-03-28 21:00 - 2026-03-29 04:00"}, // seven hours
        {"22:00-06:00 Europe/Berlin", "2026-03-29 12:00", "2026-03-29 20:00 - 2026-03-30 04:00"},
        {"22:00-06:00 Europe/Berlin", "2026-10-24 12:00", "2026-10-24 20:00 - 2026-10-25 05:00"}, // nine
        {"22:00-06:00 America/New_York", "2026-03-07 12:00", "2026-03-08 03:00 - 2026-03-08 10:00"},
        {"22:00-06:00 America/New_York", "2026-10-31 12:00", "2026-11-01 02:00 - 2026-11-01 11:00"},
        // by half an hour
        {"22:00-06:00 Australia/Lord_Howe", "2026-10-03 10:00", "2026-10-03 11:30 - 2026-10-03 19:00"},
        {"22:00-06:00 Australia/Lord_Howe", "2026-04-04 10:00", "2026-04-04 11:00 - 2026-04-04 19:30"},
        // Berlin, 29 March: from 02:00 to 03:00 at 01:00 UTC. Start or end in the hour that is left out.
        {"02:30-05:00 Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00 - 2026-03-29 03:00"},
        {"00:00-02:30 Europe/Berlin", "2026-03-28 12:00", "2026-03-28 23:00 - 2026-03-29 01:00"},
        {"02:00-03:00 Europe/Berlin", "2026-03-28 12:00", "2026-03-30 00:00 - 2026-03-30 01:00"}, // none on that date
        {"02:10-02:50 Europe/Berlin", "2026-03-28 12:00", "2026-03-30 00:10 - 2026-03-30 00:50"},
        {"03:00-04:00 Europe/Berlin", "2026-03-28 12:00", "2026-03-29 01:00 - 2026-03-29 02:00"},
        // what closes and opens at that moment does not close
        {"03:00-02:00 Europe/Berlin", "2026-03-28 12:00", "2026-03-28 12:00 - 2026-03-30 00:00"},
        {"02:45-02:15 Europe/Berlin", "2026-03-28 12:00", "2026-03-28 12:00 - 2026-03-30 00:15"},
        // Berlin, 25 October: from 03:00 back to 02:00 at 01:00 UTC. Start or end in the hour that comes twice.
        {"02:30-05:00 Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:30 - 2026-10-25 04:00"},
        {"00:00-02:30 Europe/Berlin", "2026-10-24 12:00", "2026-10-24 22:00 - 2026-10-25 00:30"},
        {"02:15-02:45 Europe/Berlin", "2026-10-24 12:00", "2026-10-25 00:15 - 2026-10-25 00:45"},
        {"02:15-02:45 Europe/Berlin", "2026-10-25 00:45", "2026-10-26 01:15 - 2026-10-26 01:45"}, // once a date
        {"02:45-02:15 Europe/Berlin", "2026-10-25 00:15", "2026-10-25 00:45 - 2026-10-26 01:15"},
        // the clock shows 03:00 for the first time after the hour was there twice
        {"22:00-03:00 Europe/Berlin", "2026-10-24 12:00", "2026-10-24 20:00 - 2026-10-25 02:00"},
        {"03:00-05:00 Europe/Berlin", "2026-10-24 12:00", "2026-10-25 02:00 - 2026-10-25 04:00"},
        // São Paulo, 18 February 2018: from midnight back to 23:00 of the day before, at 02:00 UTC
        {"22:00-24:00 America/Sao_Paulo", "2018-02-17 12:00", "2018-02-18 00:00 - 2018-02-18 03:00"},
        {"23:15-23:45 America/Sao_Paulo", "2018-02-17 12:00", "2018-02-18 01:15 - 2018-02-18 01:45"},
        {"23:15-23:45 America/Sao_Paulo", "2018-02-18 01:45", "2018-02-19 02:15 - 2018-02-19 02:45"},
        // 4 November 2018: from midnight to 01:00, at 03:00 UTC
        {"00:00-02:00 America/Sao_Paulo", "2018-11-03 12:00", "2018-11-04 03:00 - 2018-11-04 04:00"},
        {"00:15-00:45 America/Sao_Paulo", "2018-11-03 12:00", "2018-11-05 02:15 - 2018-11-05 02:45"},
        // Apia had no 30 December 2011: from the end of the 29th to the 31st, at 10:00 UTC
        {"22:00-06:00 Pacific/Apia", "2011-12-29 20:00", "2011-12-30 08:00 - 2011-12-30 16:00"},
        {"10:00-12:00 Pacific/Apia", "2011-12-29 22:00", "2011-12-30 20:00 - 2011-12-30 22:00"},
        {"20:00-24:00 Pacific/Apia", "2011-12-29 12:00", "2011-12-30 06:00 - 2011-12-30 10:00"},
        {"00:00-01:00 Pacific/Apia", "2011-12-29 12:00", "2011-12-30 10:00 - 2011-12-30 11:00"},
        // Kwajalein had no 21 August 1993 either, and until 1969 was a day ahead
        {"22:00-06:00 Pacific/Kwajalein", "1993-08-21 00:00", "1993-08-21 10:00 - 1993-08-21 18:00"},
    };
    for (const auto& row : rows)
        BOOST_TEST_CONTEXT(row.text << " after " << row.now) {
            BOOST_TEST(next_night(window(row.text), row.now) == row.expected);
        }
}

// Two ways to say the same, one of them by the C library's zones.
BOOST_AUTO_TEST_CASE(a_window_is_open_as_a_clock_shows_that_never_goes_back) {
    struct row {
        std::string zone;
        std::string from;
        int days;
    };

    const std::vector<row> rows{
        {"Europe/Berlin", "2026-01-01 00:00", 366},
        {"America/New_York", "2026-01-01 00:00", 366},
        {"Australia/Lord_Howe", "2026-01-01 00:00", 366},
        {"Pacific/Apia", "2011-12-20 00:00", 20},      // a day that is left out
        {"Pacific/Kwajalein", "1993-08-10 00:00", 20}, // and another
        {"Pacific/Kwajalein", "1969-09-20 00:00", 20}, // and one that comes nearly twice
        {"America/Sao_Paulo", "2018-02-10 00:00", 20}, // midnight comes twice
        {"America/Sao_Paulo", "2018-10-30 00:00", 10}, // and is left out
        {"Antarctica/Troll", "2026-03-20 00:00", 20},  // by two hours
        {"Antarctica/Troll", "2026-10-20 00:00", 20},
        {"Africa/Casablanca", "2026-02-10 00:00", 60},
        {"Asia/Kathmandu", "2026-01-01 00:00", 10},
        {"UTC", "2026-12-25 00:00", 10},
        {"Europe/Berlin", "2036-12-01 00:00", 366},
    };
    for (const auto& row : rows) {
        const kyc::test::timezone here(row.zone);
        for (const auto& text : some_windows)
            BOOST_TEST_CONTEXT(text << " in " << row.zone << " from " << row.from) {
                const auto begin = utc(row.from);
                const auto found =
                    disagreements(window(text + " " + row.zone), hours_of(text), begin, begin + days(row.days));
                BOOST_TEST(found.count == 0U, "at " << text_of(found.first.value_or(begin)));
            }
    }
}

BOOST_AUTO_TEST_CASE(work_goes_on_the_next_nights) {
    const auto berlin = window("22:00-06:00 Europe/Berlin");

    struct row {
        std::string now;
        std::chrono::milliseconds work;
        std::string expected;
    };

    const std::vector<row> rows{
        {"2026-11-22 12:00", 0ms, "2026-11-22 12:00"}, // nothing to do
        {"2026-11-22 12:00", -1ms, "2026-11-22 12:00"},
        {"2026-11-22 12:00", 1h, "2026-11-22 22:00"},
        {"2026-11-22 22:30", 1h, "2026-11-22 23:30"},
        {"2026-11-22 12:00", 8h, "2026-11-23 05:00"}, // all of the night
        {"2026-11-22 12:00", 8h + 1min, "2026-11-23 21:01"},
        {"2026-11-22 12:00", 16h, "2026-11-24 05:00"},
        {"2026-11-23 04:00", 2h, "2026-11-23 22:00"},
        {"2026-11-23 05:00", 1h, "2026-11-23 22:00"},
        {"2026-11-22 12:00", 8h * 30, "2026-12-22 05:00"},
        // over a short night and a long one
        {"2026-03-28 12:00", 8h, "2026-03-29 21:00"},
        {"2026-03-27 12:00", 8h + 7h + 8h, "2026-03-30 04:00"},
        {"2026-10-24 12:00", 9h, "2026-10-25 05:00"},
        {"2026-10-24 12:00", 8h * 3 + 1h, "2026-10-27 05:00"},
    };
    for (const auto& row : rows)
        BOOST_TEST_CONTEXT(row.now << " and " << row.work.count() << " ms") {
            BOOST_TEST(text_of(berlin.done_after(utc(row.now), row.work)) == row.expected);
        }
    BOOST_TEST(text_of(berlin.done_after(utc("2026-11-22 12:00"), 1h + 1ms)) == "2026-11-22 22:00:00.001");
    // the minute that the clock leaves out, and the minutes around it
    const auto minute = window("02:30-02:31 Europe/Berlin");
    BOOST_TEST(text_of(minute.done_after(utc("2026-03-27 12:00"), 2min)) == "2026-03-30 00:31");
}

BOOST_AUTO_TEST_CASE(work_that_nobody_lives_to_see_is_never_done) {
    const auto now = utc("2026-11-22 12:00");
    const auto minute = window("02:30-02:31 Europe/Berlin");
    BOOST_TEST(text_of(minute.done_after(now, 24h * 36'500)) == "never");
    BOOST_TEST(text_of(minute.done_after(now, 9'000min)).starts_with("2051-0"));
    BOOST_TEST(text_of(time_window().done_after(now, 24h * 36'500)).starts_with("2126-"));
    BOOST_TEST((time_window().done_after(time_point::max() - 1h, 24h) == time_point::max()));
    // nor does the end of time harm
    BOOST_TEST((minute.opens(time_point::max()) == time_point::max()));
    BOOST_TEST((minute.closes(time_point::max()) == time_point::max()));
    BOOST_TEST((minute.done_after(time_point::max() - 1h, 1min) == time_point::max()));
}

BOOST_AUTO_TEST_CASE(summer_time_is_known_for_the_years_to_come) {
    // A database whose files are cut short (zic -b slim) has rules in their place, which the library does not read.
    for (int year = 2026; year < 2037; ++year) {
        const auto july = std::to_string(year) + "-07-01 12:00";
        BOOST_TEST(window("22:00-06:00 Europe/Berlin").on_its_clock(utc(july)).ends_with("14:00 CEST"), july);
        BOOST_TEST(window("22:00-06:00 America/New_York").on_its_clock(utc(july)).ends_with("08:00 EDT"), july);
    }
}

BOOST_AUTO_TEST_CASE(a_window_is_described_as_it_is_read) {
    const kyc::test::timezone here("Europe/Berlin");
    const std::vector<std::pair<std::string, std::string>> texts{
        {"22:00-06:00", "22:00-06:00 Europe/Berlin"},
        {"22:00-06:00 Europe/Berlin", "22:00-06:00 Europe/Berlin"},
        {"00:05-24:00   America/Argentina/Buenos_Aires", "00:05-24:00 America/Argentina/Buenos_Aires"},
        {"09:00-17:00 UTC", "09:00-17:00 UTC"},
        {"09:00-17:00 Etc/GMT+12", "09:00-17:00 Etc/GMT+12"},
        {"09:00-17:00 US/Eastern", "09:00-17:00 US/Eastern"},
        {"always", "always"},
    };
    for (const auto& [text, described] : texts) {
        BOOST_TEST(window(text).describe() == described);
        BOOST_TEST((window(described) == window(text)));
    }
    BOOST_TEST((time_window::nightly() == window("22:00-06:00")));
}

BOOST_AUTO_TEST_CASE(windows_are_the_same_when_their_hours_and_zones_are) {
    BOOST_TEST((window("22:00-06:00 UTC") == window("22:00-06:00 UTC")));
    BOOST_TEST((window("22:00-06:00 UTC") != window("22:00-06:01 UTC")));
    BOOST_TEST((window("22:00-06:00 UTC") != window("22:01-06:00 UTC")));
    BOOST_TEST((window("22:00-06:00 UTC") != window("22:00-06:00 Asia/Tokyo")));
    BOOST_TEST((window("22:00-06:00 UTC") != time_window()));
    BOOST_TEST((time_window() != window("22:00-06:00 UTC")));
    BOOST_TEST((time_window() == window("00:00-24:00")));
}

BOOST_AUTO_TEST_CASE(moments_are_shown_on_the_windows_clock) {
    const auto berlin = window("22:00-06:00 Europe/Berlin");
    BOOST_TEST(berlin.on_its_clock(utc("2026-11-23 21:00")) == "Mon 23 Nov 22:00 CET");
    BOOST_TEST(berlin.on_its_clock(utc("2026-11-23 21:00") + 59s) == "Mon 23 Nov 22:00 CET");
    BOOST_TEST(berlin.on_its_clock(utc("2026-07-01 22:05")) == "Thu 2 Jul 00:05 CEST");
    BOOST_TEST(window("22:00-06:00 Australia/Lord_Howe").on_its_clock(utc("2026-07-01 12:00")) ==
               "Wed 1 Jul 22:30 +1030");
    BOOST_TEST(window("22:00-06:00 UTC").on_its_clock(utc("2024-02-29 00:00")) == "Thu 29 Feb 00:00 UTC");
    const kyc::test::timezone here("Asia/Tokyo");
    BOOST_TEST(time_window().on_its_clock(utc("2026-11-21 15:00")) == "Sun 22 Nov 00:00 JST");
    BOOST_TEST(berlin.on_its_clock(utc("2026-11-23 21:00")) == "Mon 23 Nov 22:00 CET");
}

BOOST_AUTO_TEST_CASE(what_is_no_window_says_what_one_is) {
    const std::vector<std::pair<std::string, std::string>> texts{
        {"", "HH:MM-HH:MM"},
        {"Always", "or always"},
        {"22-06", "\"22:00-06:00 Europe/Berlin\""},
        {"22:00", "HH:MM-HH:MM"},
        {"22:00-", "HH:MM-HH:MM"},
        {"22:00-6:00", "HH:MM-HH:MM"},
        {"22:00-06:0", "HH:MM-HH:MM"},
        {"22:00-06:000", "HH:MM-HH:MM"},
        {"22:00 - 06:00", "HH:MM-HH:MM"},
        {"22:00-06:00Europe/Berlin", "HH:MM-HH:MM"},
        {" 22:00-06:00", "HH:MM-HH:MM"},
        {"24:00-06:00", "HH:MM-HH:MM"},
        {"22:00-24:01", "HH:MM-HH:MM"},
        {"22:60-06:00", "HH:MM-HH:MM"},
        {"22.00-06.00", "HH:MM-HH:MM"},
        {"22:00_06:00", "HH:MM-HH:MM"},
        {"-1:00-06:00", "HH:MM-HH:MM"},
        {"22:00-06:00 ", "ends in a space"},
        {"06:00-06:00", "00:00-24:00"},
        {"00:00-00:00 UTC", "00:00-24:00"},
        {"22:00-06:00 Europe/Atlantis", "'Europe/Atlantis' is no time zone of this machine's database; write a name "},
        {"22:00-06:00 europe/berlin", "is Europe/Berlin meant?"},
        {"22:00-06:00 Berlin", "is Europe/Berlin meant?"},
        {"22:00-06:00 new york", "is America/New_York meant?"},
        {"22:00-06:00 utc", "is UTC meant?"},
        {"22:00-06:00 CEST", "is no time zone"},
        {"22:00-06:00 +01:00", "is no time zone"},
        {"22:00-06:00 Europe", "is no time zone"},
        {"22:00-06:00 ../../../etc/passwd", "is no time zone"},
        {"22:00-06:00 /usr/share/zoneinfo/Europe/Berlin", "is no time zone"},
        {"22:00-06:00 Europe/Berlin x", "is no time zone"},
        {"22:00-06:00 Europe/Berlin ", "is no time zone"},
        {"22:00-06:00 \x01", "'\\x01' is no time zone"},
        {"00:00-24:00 Europe/Atlantis", "is no time zone"},
    };
    for (const auto& [text, said] : texts) {
        const auto read = time_window::parse(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(!read.has_value());
            BOOST_TEST(read.error().find(said) != std::string::npos, read.error());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_machines_zone_is_that_of_the_environment) {
    const std::vector<std::pair<std::string, std::string>> variables{
        {"Europe/Berlin", "Europe/Berlin"},
        {":Europe/Berlin", "Europe/Berlin"},
        {"/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"},
        {":/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"},
        {"CET", "CET"},
        {"UTC", "UTC"},
        {"", "UTC"},
        {":", "UTC"},
    };
    for (const auto& [variable, zone] : variables) {
        const kyc::test::timezone here(variable);
        BOOST_TEST(window("22:00-06:00").describe() == "22:00-06:00 " + zone);
        BOOST_TEST(time_window::nightly().describe() == "22:00-06:00 " + zone);
        BOOST_TEST(!time_window::machine_zone_trouble().has_value());
    }
}

BOOST_AUTO_TEST_CASE(an_environment_without_a_zone_is_told_and_utc_where_nobody_asked) {
    for (const std::string variable : {"CET-1CEST,M3.5.0,M10.5.0/3", "Nowhere", "/tmp/zone", "\n"}) {
        const kyc::test::timezone here(variable);
        const auto read = time_window::parse("21:00-06:00");
        BOOST_TEST_CONTEXT(variable) {
            BOOST_REQUIRE(!read.has_value());
            BOOST_TEST(read.error().find("the machine's cannot be told: TZ is ") != std::string::npos, read.error());
            BOOST_TEST(read.error().find("write e.g. \"21:00-06:00 Europe/Berlin\"") != std::string::npos);
            BOOST_TEST(time_window::nightly().describe() == "22:00-06:00 UTC");
            BOOST_TEST(time_window::machine_zone_trouble().value_or("").starts_with("TZ is '"));
            // who names a zone needs none of the machine's
            BOOST_TEST(window("21:00-06:00 Asia/Tokyo").describe() == "21:00-06:00 Asia/Tokyo");
        }
    }
}

BOOST_AUTO_TEST_CASE(without_a_variable_it_is_that_of_the_system) {
    const kyc::test::timezone here(std::nullopt);
    const auto shown = time_window::nightly().on_its_clock(utc("2026-07-01 12:00"));
    if (time_window::machine_zone_trouble()) {
        BOOST_TEST(shown.ends_with(" UTC"));
        return;
    }
    const auto wall = on_wall(utc("2026-07-01 12:00"));
    BOOST_TEST(shown.find(text_of(wall).substr(11, 5)) != std::string::npos, shown);
}

BOOST_AUTO_TEST_SUITE_END()
