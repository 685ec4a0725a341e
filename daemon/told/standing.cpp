#include "told/standing.hpp"

#include <algorithm>

namespace kyc {

const std::vector<std::string>& standing_words() {
    static const std::vector<std::string> words{"not_ready", "waiting",    "claimed",   "sending", "unknown",
                                                "pending",   "delivering", "delivered", "failed",  "gone"};
    return words;
}

std::string_view to_string(standing value) {
    return standing_words().at(static_cast<std::size_t>(value));
}

std::optional<standing> standing_from(std::string_view word) {
    const auto& words = standing_words();
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) return std::nullopt;
    return static_cast<standing>(found - words.begin());
}

} // namespace kyc
