#include "reverify/night_charts.hpp"

#include "core/units.hpp"
#include "text/html_page.hpp"
#include "text/svg_parts.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace kyc::reverify {

namespace {

using std::chrono::milliseconds;

/// What a bar is made of, from below.
struct segment {
    const char* name;
    const char* colour;
    std::uint64_t ticket_balance::*cases;
};

constexpr std::array<segment, 4> segments{{{"unchanged", "--same", &ticket_balance::unchanged},
                                           {"changed", "--other", &ticket_balance::changed},
                                           {"failed", "--fail", &ticket_balance::failed},
                                           {"skipped", "--lost", &ticket_balance::skipped}}};

struct share_line {
    const char* name;
    const char* colour;
    const char* dashes; ///< told apart without colours, too
    double share;
};

constexpr std::array<share_line, 3> share_lines{{{"half of the answers", "--half", "", 0.5},
                                                 {"95 of 100 (long dashes)", "--most", "7 3", 0.95},
                                                 {"99 of 100 (dots)", "--all", "2 3", 0.99}}};

// In CSS pixels.
constexpr std::uint64_t below = 44;     ///< for times and dates beneath the axis
constexpr std::uint64_t time_room = 64; ///< a time with its zone
constexpr std::uint64_t gap = 24;       ///< between two nights
constexpr std::uint64_t widest_bar = 32;
constexpr std::uint64_t narrowest_bar = 6;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

/// Where the pieces stand.
struct places {
    std::vector<std::uint64_t> left; ///< of each piece
    std::uint64_t step = 0;          ///< from one to the next
    std::uint64_t room = 0;          ///< all together
};

places place(const night& of) {
    places made;
    made.step = std::clamp<std::uint64_t>(plot_widest / of.pieces.size(), narrowest_bar, widest_bar);
    std::uint64_t x = plot_left + 1;
    for (const auto& piece : of.pieces) {
        if (piece.after_pause) x += gap;
        made.left.push_back(x);
        x += made.step;
    }
    made.room = std::max(x - plot_left, 3 * time_room);
    return made;
}

std::string text_at(std::uint64_t x, std::uint64_t y, const std::string& text) {
    return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\">" + html_escaped(text) + "</text>\n";
}

/// Which pieces have their time beneath them: those at round times, as many as there is room for.
std::vector<std::size_t> told_pieces(const night& of, const places& at) {
    const auto apart = time_room + time_room / 4;
    const auto least = of.step * static_cast<std::int64_t>((apart + at.step - 1) / at.step);
    const auto* const round = std::find_if(round_steps.begin(), round_steps.end(),
                                           [&](auto each) { return each >= least && each % of.step == each.zero(); });
    const auto between = round == round_steps.end() ? least : *round;
    std::vector<std::size_t> told;
    std::uint64_t free_from = 0;
    for (std::size_t i = 0; i < of.pieces.size(); ++i) {
        const auto& piece = of.pieces[i];
        const bool first = i == 0 || piece.after_pause;
        const bool is_round = piece.from.time_since_epoch() % between == utc_time::duration::zero();
        if ((!first && !is_round) || at.left[i] < free_from || at.left[i] + time_room / 2 > plot_left + at.room)
            continue;
        told.push_back(i);
        free_from = at.left[i] + apart;
    }
    return told;
}

/// Times beneath the axis, on the window's clock: the zone where it is told first or is another one than before, the
/// date likewise.
std::string axis(const night& of, const time_window& window, const places& at) {
    constexpr auto ground = plot_top + plot_height;
    std::string svg;
    for (std::size_t i = 0; i < of.pieces.size(); ++i)
        if (of.pieces[i].after_pause)
            svg += "<path class=\"grid\" stroke-dasharray=\"2 4\" d=\"M" + number(at.left[i] - gap / 2) + " " +
                   number(plot_top) + "v" + number(plot_height) + "\"></path>\n";
    std::string date;
    std::string zone;
    for (const auto i : told_pieces(of, at)) {
        const auto x = at.left[i];
        const auto clock = on_the_clock(window, of.pieces[i].from);
        if (of.pieces[i].after_pause) date.clear();
        svg += "<path class=\"grid\" d=\"M" + number(x) + " " + number(ground) + "v4\"></path>";
        svg += text_at(x, ground + 18, clock.zone == zone ? clock.time : clock.time + " " + clock.zone);
        if (clock.date != date) svg += text_at(x, ground + 34, clock.date);
        date = clock.date;
        zone = clock.zone;
    }
    return svg;
}

std::string frame(const std::string& caption, const std::string& label, const night& of, const time_window& window,
                  const places& at, const std::string& drawn, std::span<const chart_key> keys) {
    const auto width = number(plot_left + at.room + 8);
    const auto height = number(plot_top + plot_height + below);
    return "<figure><figcaption>" + html_escaped(caption) +
           "</figcaption>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" + html_escaped(caption) +
           "\"><svg role=\"img\" aria-label=\"" + html_escaped(label) + "\" width=\"" + width + "\" height=\"" +
           height + "\" viewBox=\"0 0 " + width + " " + height + "\">\n" + drawn + axis(of, window, at) +
           "</svg></div>\n" + key_line(keys) + "</figure>\n";
}

/// "from Mon 23 Nov 22:00 CET to Tue 24 Nov 04:10 CET"
std::string span_words(const night& of, const time_window& window) {
    return "from " + window.on_its_clock(of.pieces.front().from) + " to " +
           window.on_its_clock(of.pieces.back().from + of.step);
}

std::string grid(const places& at, const std::string& full, const std::string& half) {
    return grid_line(plot_top, at.room, full) +
           (half.empty() ? std::string() : grid_line(plot_top + plot_height / 2, at.room, half)) +
           grid_line(plot_top + plot_height, at.room, "0");
}

std::string bar(const night_piece& piece, const std::string& when, std::uint64_t x, std::uint64_t width,
                std::uint64_t most) {
    std::vector<bar_part> parts;
    parts.reserve(segments.size());
    for (const auto& part : segments)
        parts.push_back({piece.cases.*part.cases, part.colour,
                         html_escaped(when) + ": " + number(piece.cases.*part.cases) + " " + part.name});
    return stacked_bar(x, width, parts, most);
}

/// A line through the pieces that have answers; it is broken where one has none, and at a pause.
std::string line(const night& of, const share_line& which, const places& at, std::int64_t most) {
    std::string path;
    std::string dots;
    bool drawing = false;
    for (std::size_t i = 0; i < of.pieces.size(); ++i) {
        const auto& piece = of.pieces[i];
        if (piece.after_pause || piece.answered.count() == 0) drawing = false;
        if (piece.answered.count() == 0) continue;
        const auto took = static_cast<std::uint64_t>(piece.answered.at(which.share).count());
        const auto x = number(at.left[i] + at.step / 2);
        const auto y = number(plot_top + plot_height - took * plot_height / static_cast<std::uint64_t>(most));
        path += (drawing ? "L" : "M") + x + " " + y;
        const bool alone = !drawing && (i + 1 == of.pieces.size() || of.pieces[i + 1].after_pause ||
                                        of.pieces[i + 1].answered.count() == 0);
        if (alone)
            dots += "<circle cx=\"" + x + "\" cy=\"" + y + "\" r=\"3\" fill=\"var(" + which.colour + ")\"></circle>";
        drawing = true;
    }
    const auto dashes = *which.dashes == '\0' ? "" : " stroke-dasharray=\"" + std::string(which.dashes) + "\"";
    return "<path d=\"" + path + "\" fill=\"none\" stroke-width=\"2\" stroke=\"var(" + which.colour + ")\"" + dashes +
           "></path>" + dots + "\n";
}

} // namespace

std::string step_words(std::chrono::seconds step) {
    using namespace std::chrono_literals;
    if (step < 1min) return count_words(static_cast<std::uint64_t>(step / 1s), "second", "seconds");
    if (step < 1h) return count_words(static_cast<std::uint64_t>(step / 1min), "minute", "minutes");
    if (step < 24h) return count_words(static_cast<std::uint64_t>(step / 1h), "hour", "hours");
    return count_words(static_cast<std::uint64_t>(step / 24h), "day", "days");
}

std::string throughput_chart(const night& of, const time_window& window) {
    if (of.pieces.size() < 2) return {};
    std::uint64_t most = 1;
    for (const auto& piece : of.pieces)
        most = std::max(most, piece.cases.ended());
    const auto at = place(of);
    const auto scale = scale_for(most);
    auto drawn = grid(at, number(scale), scale > 1 ? number(scale / 2) : std::string());
    for (std::size_t i = 0; i < of.pieces.size(); ++i)
        drawn += bar(of.pieces[i], window.on_its_clock(of.pieces[i].from), at.left[i], at.step - (at.step > 8 ? 4 : 1),
                     scale);
    std::vector<chart_key> keys;
    keys.reserve(segments.size());
    for (const auto& part : segments)
        keys.push_back({part.name, part.colour});
    const auto caption = "Cases that ended per " + step_words(of.step) + ", at most " + number(most);
    return frame(caption,
                 "Bars " + span_words(of, window) + ", at most " + number(most) + " cases per " + step_words(of.step) +
                     "; the table below has the figures",
                 of, window, at, drawn, keys);
}

std::string latency_chart(const night& of, const time_window& window) {
    milliseconds longest{1};
    std::size_t told = 0;
    for (const auto& piece : of.pieces) {
        if (piece.answered.count() == 0) continue;
        ++told;
        longest = std::max(longest, piece.answered.at(share_lines.back().share));
    }
    if (told < 2) return {};
    const auto at = place(of);
    const auto scale = static_cast<std::int64_t>(scale_for(static_cast<std::uint64_t>(longest.count())));
    auto drawn = grid(at, format_duration(milliseconds(scale)),
                      scale > 1 ? format_duration(milliseconds(scale / 2)) : std::string());
    // The most important one on top.
    for (auto each = share_lines.rbegin(); each != share_lines.rend(); ++each)
        drawn += line(of, *each, at, scale);
    std::vector<chart_key> keys;
    keys.reserve(share_lines.size());
    for (const auto& each : share_lines)
        keys.push_back({each.name, each.colour});
    return frame("How long answers took, from receipt to answer, per " + step_words(of.step),
                 "Lines " + span_words(of, window) + " for half, 95 and 99 of 100 answers, at most " +
                     format_duration(longest) + "; the table below has the figures",
                 of, window, at, drawn, keys);
}

} // namespace kyc::reverify
