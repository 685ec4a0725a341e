#pragma once
// What to do about a delivered case that was verified again and failed. Nothing that helps a dropped one does: it is
// not in failed/ but where it was, with its old answer, and cannot be sent with other images.

#include "core/failure.hpp"

#include <string_view>

namespace kyc {

/// How a case ends that was verified again, beside the codes: nothing that error.json tells of.
inline constexpr std::string_view left_outbox = "LEFT_OUTBOX";   ///< and its old answer with it
inline constexpr std::string_view not_replaced = "NOT_REPLACED"; ///< the new answer could not take the old one's place
inline constexpr std::string_view not_repeated = "NOT_REPEATED"; ///< it was sent without an answer, and cannot be again

/// One sentence.
[[nodiscard]] std::string_view advice_again(failure_code value);

/// By the word of a code, or one of those above; empty for another one.
[[nodiscard]] std::string_view advice_again(std::string_view word);

} // namespace kyc
