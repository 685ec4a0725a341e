#pragma once
// Whose fault an issue code of the API is, and what a person should do about it (the list is open: providers differ per
// account).

#include <string_view>

namespace kyc {

/// One sentence. Codes that nobody has documented, and an empty code, get a general one.
[[nodiscard]] std::string_view issue_advice(std::string_view code);

/// Codes that tell of the provider's own trouble, with which every case of the account ends (progeny-api section 8).
[[nodiscard]] bool is_vendor_fault(std::string_view code);

} // namespace kyc
