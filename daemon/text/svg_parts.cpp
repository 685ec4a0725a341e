#include "text/svg_parts.hpp"

#include <algorithm>

namespace kyc {

namespace {

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

} // namespace

std::uint64_t scale_for(std::uint64_t most) {
    for (std::uint64_t power = 1;; power *= 10)
        for (const std::uint64_t each : {1u, 2u, 4u, 6u, 8u})
            if (each * power >= most) return each * power;
}

std::string grid_line(std::uint64_t y, std::uint64_t width, std::string_view value) {
    return "<path class=\"grid\" d=\"M" + number(plot_left) + " " + number(y) + "h" + number(width) +
           "\"></path><text x=\"" + number(plot_left - 8) + "\" y=\"" + number(y + 4) + "\" text-anchor=\"end\">" +
           std::string(value) + "</text>\n";
}

std::string stacked_bar(std::uint64_t x, std::uint64_t width, std::span<const bar_part> parts, std::uint64_t most) {
    std::string svg;
    std::uint64_t under = 0;
    for (const auto& part : parts) {
        const auto from = under * plot_height / most;
        under += part.value;
        const auto to = std::max(under * plot_height / most, from + 1);
        if (part.value == 0) continue;
        svg += "<rect x=\"" + number(x) + "\" y=\"" + number(plot_top + plot_height - std::min(to, plot_height)) +
               "\" width=\"" + number(width) + "\" height=\"" + number(to - from) + "\" fill=\"var(" + part.colour +
               ")\"><title>" + part.title + "</title></rect>\n";
    }
    return svg;
}

std::string key_line(std::span<const chart_key> of) {
    std::string html = "<p class=\"key\" aria-hidden=\"true\">";
    for (const auto& each : of)
        html += "<span><i style=\"background:var(" + std::string(each.colour) + ")\"></i>" + each.name + "</span>";
    return html + "</p>\n";
}

std::string share_bar(std::uint64_t cases, std::uint64_t most) {
    constexpr std::uint64_t length = 120;
    const auto part = std::max<std::uint64_t>(cases * length / std::max<std::uint64_t>(most, 1), 1);
    return "<svg aria-hidden=\"true\" width=\"" + number(length) +
           "\" height=\"10\"><path fill=\"var(--lost)\" d=\"M0 0h" + number(part) + "v10h-" + number(part) +
           "z\"></path></svg>";
}

} // namespace kyc
