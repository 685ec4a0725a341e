#include "commands/report_chart.hpp"

#include "core/report_json.hpp"
#include "text/svg_parts.hpp"

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

// In CSS pixels.
constexpr std::uint64_t below = 24;     ///< for the dates beneath the axis
constexpr std::uint64_t date_room = 60; ///< a date

struct day_bar {
    std::string date; ///< "2026-11-20"
    outcome_figures of;

    [[nodiscard]] std::uint64_t total() const { return of.delivered() + of.failed; }
};

/// From the period's first day on, or from the first with a case when the period is longer than the chart.
std::vector<day_bar> bars_of(const period& report) {
    std::map<std::string, outcome_figures> dates;
    for (const auto& [day, figures] : report.live.days)
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

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

std::string stack(const day_bar& bar, std::uint64_t x, std::uint64_t width, std::uint64_t most) {
    std::vector<bar_part> parts;
    parts.reserve(segments.size());
    for (const auto& part : segments)
        parts.push_back(
            {bar.of.*part.cases, part.colour, bar.date + ": " + number(bar.of.*part.cases) + " " + part.name});
    return stacked_bar(x, width, parts, most);
}

std::string key() {
    std::vector<chart_key> keys;
    keys.reserve(segments.size());
    for (const auto& part : segments)
        keys.push_back({part.name, part.colour});
    return key_line(keys);
}

} // namespace

std::string day_chart(const period& report) {
    const auto bars = bars_of(report);
    if (bars.empty()) return {};
    std::uint64_t most = 1;
    for (const auto& bar : bars)
        most = std::max(most, bar.total());
    const auto scale = scale_for(most);
    const std::uint64_t step = std::clamp<std::uint64_t>(plot_widest / bars.size(), 3, 32);
    const auto room = std::max<std::uint64_t>(step * bars.size(), 2 * date_room);
    const auto width = number(plot_left + room + 8);
    const auto whole = number(plot_top + plot_height + below);
    std::string svg =
        "<figure><figcaption>Cases a day (UTC), at most " + number(most) +
        "</figcaption>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Cases a day\"><svg "
        "role=\"img\" aria-label=\"A bar for each day from " +
        bars.front().date + " to " + bars.back().date + ", at most " + number(most) +
        " cases; the table by day has the figures\" width=\"" + width + "\" height=\"" + whole + "\" viewBox=\"0 0 " +
        width + " " + whole + "\">\n" + grid_line(plot_top, room, number(scale)) +
        (scale > 1 ? grid_line(plot_top + plot_height / 2, room, number(scale / 2)) : std::string()) +
        grid_line(plot_top + plot_height, room, "0");
    const auto dated = std::max<std::uint64_t>((date_room + step - 1) / step, 1);
    std::uint64_t x = plot_left + 1;
    for (std::size_t i = 0; i < bars.size(); ++i, x += step) {
        svg += stack(bars[i], x, step - (step > 6 ? 4 : 1), scale);
        if (i % dated == 0 && x + date_room / 2 <= plot_left + room)
            svg += "<text x=\"" + number(x) + "\" y=\"" + number(plot_top + plot_height + 18) + "\">" +
                   bars[i].date.substr(5) + "</text>\n";
    }
    return svg + "</svg></div>\n" + key() + "</figure>\n";
}

} // namespace kyc
