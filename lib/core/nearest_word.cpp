#include "core/nearest_word.hpp"

#include <algorithm>
#include <numeric>

namespace kyc {

namespace {

/// How many letters have to be changed, added or removed to make one word of the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (auto& c : lower)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

} // namespace

std::optional<std::string> nearest_word(std::string_view written, const std::vector<std::string>& known) {
    const auto wanted = lower_case(written);
    const auto tolerance = std::min<std::size_t>(2, wanted.size() / 2);
    const std::string* nearest = nullptr;
    auto best = tolerance + 1;
    for (const auto& candidate : known) {
        // Words of other lengths cannot be near; not comparing them keeps a hostile text cheap.
        if (wanted.size() > candidate.size() + tolerance || candidate.size() > wanted.size() + tolerance) continue;
        const auto apart = distance(wanted, lower_case(candidate));
        if (apart >= best) continue;
        best = apart;
        nearest = &candidate;
    }
    return nearest != nullptr ? std::optional(*nearest) : std::nullopt;
}

} // namespace kyc
