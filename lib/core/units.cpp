#include "core/units.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>

namespace kyc {
namespace {

struct unit {
    std::string_view name;
    std::uint64_t worth;
};

constexpr std::array<unit, 5> duration_units{{
    {"ms", 1},
    {"s", 1'000},
    {"m", 60'000},
    {"h", 3'600'000},
    {"d", 86'400'000},
}};

constexpr std::array<unit, 8> size_units{{
    {"B", 1},
    {"kB", 1'000},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"KiB", 1ull << 10},
    {"MiB", 1ull << 20},
    {"GiB", 1ull << 30},
}};

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// value * factor + more, or nothing when that overflows.
std::optional<std::uint64_t> multiply_add(std::uint64_t value, std::uint64_t factor, std::uint64_t more) {
    constexpr auto top = std::numeric_limits<std::uint64_t>::max();
    if (factor != 0 && value > (top - more) / factor) return std::nullopt;
    return value * factor + more;
}

enum class misread { malformed, unknown_unit, too_large, not_whole };

/// Reads `<digits>[.<digits>]<unit>` exactly: integers all the way, so that 0.1s is 100 ms and not 99.
boost::system::result<std::uint64_t, misread> read_quantity(std::string_view text, std::span<const unit> units) {
    if (text == "0") return std::uint64_t{0};
    const auto whole_end =
        static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) - text.begin());
    const auto whole = text.substr(0, whole_end);
    auto rest = text.substr(whole_end);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        const auto length =
            static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
        fraction = rest.substr(0, length);
        rest.remove_prefix(length);
        if (fraction.empty()) return misread::malformed;
    }
    if (whole.empty()) return misread::malformed;
    const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == rest; });
    if (found == units.end()) return misread::unknown_unit;

    std::uint64_t count = 0;
    for (const auto c : whole) {
        const auto next = multiply_add(count, 10, static_cast<std::uint64_t>(c - '0'));
        if (!next) return misread::too_large;
        count = *next;
    }
    // Digit by digit: each is worth a tenth of the one before, and must be worth a whole number unless it is zero.
    std::uint64_t part = 0;
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    while (fraction.ends_with('0'))
        fraction.remove_suffix(1);
    if (fraction.size() > 9) return misread::not_whole;
    for (const auto c : fraction) {
        numerator = numerator * 10 + static_cast<std::uint64_t>(c - '0');
        denominator *= 10;
    }
    // numerator < 10^9 and no unit is worth 2^31, so the product fits.
    if (numerator * found->worth % denominator != 0) return misread::not_whole;
    part = numerator * found->worth / denominator;
    const auto total = multiply_add(count, found->worth, part);
    if (!total) return misread::too_large;
    return *total;
}

} // namespace

boost::system::result<std::chrono::milliseconds, std::string> parse_duration(std::string_view text) {
    const auto read = read_quantity(text, duration_units);
    constexpr auto longest = static_cast<std::uint64_t>(longest_duration.count());
    if (read && *read <= longest) return std::chrono::milliseconds(static_cast<std::int64_t>(*read));
    if (read || read.error() == misread::too_large)
        return quote_text(text) + " is too long; at most " + format_duration(longest_duration);
    if (read.error() == misread::not_whole)
        return quote_text(text) + " is finer than a millisecond; write e.g. 250ms or 1.5s";
    return quote_text(text) + " is not a duration; write e.g. 250ms, 5s, 15m";
}

boost::system::result<std::uint64_t, std::string> parse_size(std::string_view text) {
    const auto read = read_quantity(text, size_units);
    if (read) return *read;
    if (read.error() == misread::too_large) return quote_text(text) + " is too large; at most 2^64-1 bytes";
    if (read.error() == misread::not_whole) return quote_text(text) + " is not a whole number of bytes";
    return quote_text(text) + " is not a size; write e.g. 2MB, 512KiB, 1GiB";
}

std::string format_duration(std::chrono::milliseconds value) {
    const auto negative = value.count() < 0;
    // Unsigned, since the magnitude of the smallest count has no signed form.
    const auto count =
        negative ? 0 - static_cast<std::uint64_t>(value.count()) : static_cast<std::uint64_t>(value.count());
    std::string text = negative ? "-" : "";
    if (count == 0) return "0s";
    if (count < 1'000) return text + std::to_string(count) + "ms";
    const auto largest = std::find_if(duration_units.rbegin(), duration_units.rend(),
                                      [&](const unit& u) { return count % u.worth == 0; });
    if (largest->worth > 1) return text + std::to_string(count / largest->worth) + std::string(largest->name);
    auto digits = std::to_string(1'000 + count % 1'000).substr(1);
    while (digits.ends_with('0'))
        digits.pop_back();
    return text + std::to_string(count / 1'000) + "." + digits + "s";
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0B";
    std::string shortest;
    // Backwards, so that of two equally short forms the binary one wins.
    for (auto u = size_units.rbegin(); u != size_units.rend(); ++u) {
        if (u->name == "KB" || bytes % u->worth != 0) continue;
        auto text = std::to_string(bytes / u->worth) + std::string(u->name);
        if (shortest.empty() || text.size() < shortest.size()) shortest = std::move(text);
    }
    if (bytes < 10'000 || !shortest.ends_with('B') || !is_digit(shortest[shortest.size() - 2])) return shortest;
    // Only bytes divide it: give the first digits instead.
    const auto* const scale = bytes < 1'000'000       ? &size_units[1]
                              : bytes < 1'000'000'000 ? &size_units[3]
                                                      : &size_units[4];
    std::array<char, 40> buffer{};
    const auto length =
        std::snprintf(buffer.data(), buffer.size(), "%.1f%s",
                      static_cast<double>(bytes) / static_cast<double>(scale->worth), scale->name.data());
    return {buffer.data(), static_cast<std::size_t>(length)};
}

std::string quote_text(std::string_view text) {
    constexpr std::size_t longest = 60;
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string result = "'";
    for (const auto c : text.substr(0, longest)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f) {
            result += c;
        } else {
            result += {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        }
    }
    return result + (text.size() > longest ? "...'" : "'");
}

} // namespace kyc
