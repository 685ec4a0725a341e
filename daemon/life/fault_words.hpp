#pragma once
// What may be said of a fault where others than the operator read it.

#include "core/service.hpp"
#include "fs/spool_layout.hpp"
#include "life/fault_pause.hpp"

#include <filesystem>

namespace kyc {

/// The error, and which of kycd's own places it is about: "No space left on device (in /var/spool/kycd/work)". A fault
/// names the path it was met at, and so perhaps a case, or a folder that a producer made: nothing of that is in it, and
/// nothing at all of a text that names none of the places. Where permissions are missing or a mount is in the way,
/// which differ from folder to folder, that of a service in the settings is named: "Permission denied (in
/// /var/spool/kycd/inbox/ocr_card)", "Invalid cross-device link (in /var/spool/kycd/inbox/ocr_card) (is a mount inside
/// it?)".
[[nodiscard]] public_fault fault_words(const fault& met, const fs::spool_layout& layout,
                                       const std::filesystem::path& ledger, const service_table& services);

} // namespace kyc
