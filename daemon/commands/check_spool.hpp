#pragma once
// What `kycd check` says of the folders and the ledger: what a start would find there.

#include "commands/check_report.hpp"
#include "core/settings.hpp"

#include <filesystem>

namespace kyc {

/// Tries the folders and looks at the ledger, as whoever this process is; beside a running daemon or without one. What
/// it makes for that it removes, and changes nothing else. Blocking.
void check_spool(check_report& out, const settings& config);

/// The path, or as much of it as there is.
[[nodiscard]] std::filesystem::path existing_part(std::filesystem::path path);

} // namespace kyc
