#pragma once
// What may be said of a fault where others than the operator read it.

#include "core/fault.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <string>

namespace kyc {

/// The error, and which of kycd's own places it is about: "No space left on device (in /var/spool/kycd/work)". A fault
/// names the path it was met at, and so perhaps a case, or a folder that a producer made: nothing of that is in it, and
/// nothing at all of a text that names none of the places.
[[nodiscard]] std::string fault_words(const fault& met, const fs::spool_layout& layout,
                                      const std::filesystem::path& ledger);

} // namespace kyc
