#pragma once
// Which of the two kinds of work a case is: design section 1.

#include <string_view>

namespace kyc {

enum class lane : unsigned char {
    live, ///< a dropped case
    bulk, ///< the re-verification of a delivered one; live goes first
};

/// "live", "bulk": as in result.json and the ledger. The way back reads every other word as the first one.
[[nodiscard]] std::string_view to_string(lane value);
[[nodiscard]] lane lane_from(std::string_view word);

} // namespace kyc
