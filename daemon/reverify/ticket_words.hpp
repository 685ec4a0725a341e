#pragma once
// What a ticket asks for, for people.

#include "core/ticket.hpp"

#include <string>
#include <vector>

namespace kyc::reverify {

/// Which cases it selects, a phrase for each condition: "of kyc_card", "verdict pass or fail", "at most 5000, oldest
/// first". Of many names the first few are told.
[[nodiscard]] std::vector<std::string> selection_words(const ticket& asked);

/// "more than 20 %", "more than 50 cases"
[[nodiscard]] std::string bound_words(const ticket_bound& bound);

} // namespace kyc::reverify
