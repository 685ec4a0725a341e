#include "commands/report_chart.hpp"

#include "core/report_json.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace kyc {

namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;

/// What a bar is made of, from below.
struct segment {
    const char* name;
    const char* colour;
    std::uint64_t outcome_figures::*cases;
};

constexpr std::array<segment, 4> segments{{{"pass", "--pass", &outcome_figures::passed},
                                           {"fail", "--fail", &outcome_figures::failed_check},
                                           {"inconclusive", "--open", &outcome_figures::inconclusive},
                                           {"failed", "--lost", &outcome_figures::failed}}};

constexpr std::size_t most_days = 366;

// Sizes in CSS pixels.
constexpr std::uint64_t height = 160;
constexpr std::uint64_t top = 10;
constexpr std::uint64_t left = 64;      ///< for the numbers beside the axis
constexpr std::uint64_t below = 24;     ///< for the dates beneath it
constexpr std::uint64_t widest = 800;   ///< of the bars, where there are many
constexpr std::uint64_t date_room = 60; ///< a date beneath the axis

struct day_bar {
    std::string date; ///< "2026-11-20"
    outcome_figures of;

    [[nodiscard]] std::uint64_t total() const { return of.delivered() + of.failed; }
};

/// From the period's first day on, or from the first with a case when the period is longer than the chart.
std::vector<day_bar> bars_of(const period& report) {
    std::map<std::string, outcome_figures> dates;
    for (const auto& [day, figures] : report.days)
        dates[day.first].add(figures);
    std::vector<day_bar> bars;
    if (dates.empty()) return bars;
    const sys_days last = floor<days>(report.to);
    const sys_days first = std::max(sys_days(floor<days>(report.from)), last - days(most_days - 1));
    for (auto day = first; day <= last; day += days(1)) {
        auto date = to_iso8601(day).substr(0, 10);
        if (bars.empty() && report.to - report.from > days(most_days) && date < dates.begin()->first) continue;
        const auto found = dates.find(date);
        bars.push_back({std::move(date), found != dates.end() ? found->second : outcome_figures{}});
    }
    return bars;
}

/// The next of 1, 2, 4, 5, 10, 20, …
std::uint64_t round_up(std::uint64_t value) {
    for (std::uint64_t power = 1;; power *= 10)
        for (const std::uint64_t each : {1u, 2u, 4u, 5u})
            if (each * power >= value) return each * power;
}

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string grid_line(std::uint64_t y, std::uint64_t width, std::uint64_t value) {
    return "<path class=\"grid\" d=\"M" + number(left) + " " + number(y) + "h" + number(width) +
           "\"></path><text x=\"" + number(left - 8) + "\" y=\"" + number(y + 4) + "\" text-anchor=\"end\">" +
           number(value) + "</text>\n";
}

std::string stack(const day_bar& bar, std::uint64_t x, std::uint64_t width, std::uint64_t most) {
    std::string svg;
    std::uint64_t under = 0;
    for (const auto& part : segments) {
        const auto cases = bar.of.*part.cases;
        const auto from = under * height / most;
        under += cases;
        // What there is can be seen, however little it is.
        const auto to = std::max(under * height / most, from + 1);
        if (cases == 0) continue;
        svg += "<rect x=\"" + number(x) + "\" y=\"" + number(top + height - std::min(to, height)) + "\" width=\"" +
               number(width) + "\" height=\"" + number(to - from) + "\" fill=\"var(" + part.colour + ")\"><title>" +
               bar.date + ": " + number(cases) + " " + part.name + "</title></rect>\n";
    }
    return svg;
}

std::string key() {
    std::string html = "<p class=\"key\" aria-hidden=\"true\">";
    for (const auto& part : segments)
        html += "<span><i style=\"background:var(" + std::string(part.colour) + ")\"></i>" + part.name + "</span>";
    return html + "</p>\n";
}

} // namespace

std::string day_chart(const period& report) {
    const auto bars = bars_of(report);
    if (bars.empty()) return {};
    std::uint64_t most = 1;
    for (const auto& bar : bars)
        most = std::max(most, bar.total());
    const auto scale = round_up(most);
    const std::uint64_t step = std::clamp<std::uint64_t>(widest / bars.size(), 3, 32);
    const auto room = std::max<std::uint64_t>(step * bars.size(), 2 * date_room);
    const auto width = number(left + room + 8);
    const auto whole = number(top + height + below);
    std::string svg =
        "<figure><figcaption>Cases a day (UTC), at most " + number(most) +
        "</figcaption>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cases a day\"><svg "
        "role=\"img\" aria-label=\"A bar for each day from " +
        bars.front().date + " to " + bars.back().date + ", at most " + number(most) +
        " cases; the table by day has the figures\" width=\"" + width + "\" height=\"" + whole + "\" viewBox=\"0 0 " +
        width + " " + whole + "\">\n" + grid_line(top, room, scale) +
        (scale > 1 ? grid_line(top + height / 2, room, scale / 2) : std::string()) + grid_line(top + height, room, 0);
    const auto dated = std::max<std::uint64_t>((date_room + step - 1) / step, 1);
    std::uint64_t x = left + 1;
    for (std::size_t i = 0; i < bars.size(); ++i, x += step) {
        svg += stack(bars[i], x, step - (step > 6 ? 4 : 1), scale);
        if (i % dated == 0 && x + date_room / 2 <= left + room)
            svg += "<text x=\"" + number(x) + "\" y=\"" + number(top + height + 18) + "\">" + bars[i].date.substr(5) +
                   "</text>\n";
    }
    return svg + "</svg></div>\n" + key() + "</figure>\n";
}

std::string share_bar(std::uint64_t cases, std::uint64_t most) {
    constexpr std::uint64_t length = 120;
    const auto part = std::max<std::uint64_t>(cases * length / std::max<std::uint64_t>(most, 1), 1);
    return "<svg aria-hidden=\"true\" width=\"" + number(length) +
           "\" height=\"10\"><path fill=\"var(--lost)\" d=\"M0 0h" + number(part) + "v10h-" + number(part) +
           "z\"></path></svg>";
}

} // namespace kyc
