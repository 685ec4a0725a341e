#pragma once
// What a person should do about an issue code of the API (the list is open: providers differ per account).

#include <string_view>

namespace kyc {

/// One sentence. Codes that nobody has documented, and an empty code, get a general one.
[[nodiscard]] std::string_view issue_advice(std::string_view code);

} // namespace kyc
