#pragma once
// What the charts of kycd's pages are put together from: SVG that needs no script.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kyc {

/// The plot within a chart, in CSS pixels.
inline constexpr std::uint64_t plot_height = 160;
inline constexpr std::uint64_t plot_top = 10;
inline constexpr std::uint64_t plot_left = 64;    ///< room for the numbers beside the axis
inline constexpr std::uint64_t plot_widest = 800; ///< where there is much to show

/// The next of 1, 2, 4, 6, 8, 10, 20, …: but for 1 half of it is a whole number, too.
[[nodiscard]] std::uint64_t scale_for(std::uint64_t most);

/// A line across the plot with its value beside it.
[[nodiscard]] std::string grid_line(std::uint64_t y, std::uint64_t width, std::string_view value);

/// A part of a bar, from below.
struct bar_part {
    std::uint64_t value = 0;
    const char* colour = ""; ///< of the page's style, "--pass"
    std::string title;       ///< told of it on pointing; no markup
};

/// A bar that stands on the plot's ground; `most` is as high as the plot. What there is can be seen, however little.
[[nodiscard]] std::string stacked_bar(std::uint64_t x, std::uint64_t width, std::span<const bar_part> parts,
                                      std::uint64_t most);

/// What is drawn in a colour.
struct chart_key {
    const char* name;
    const char* colour;
};

/// What the colours mean; a chart says the same in words, so this is for eyes alone.
[[nodiscard]] std::string key_line(std::span<const chart_key> of);

/// A bar as long as `cases` is of `most`, for a cell of a table.
[[nodiscard]] std::string share_bar(std::uint64_t cases, std::uint64_t most);

} // namespace kyc
