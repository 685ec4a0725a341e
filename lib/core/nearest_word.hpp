#pragma once
// What somebody probably meant who wrote a word that is not known.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// The one among `known` that is at most two letters off what was written (less for short words), letter case ignored;
/// the first of equals. None when nothing is near.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view written, const std::vector<std::string>& known);

} // namespace kyc
