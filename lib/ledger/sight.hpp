#pragma once
// What a start would find in the ledger's file, told without changing it.

#include "core/result.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kyc::ledger {

struct ledger_sight {
    std::string spool;                 ///< the identity of the spool it belongs to; empty when it has none yet
    std::optional<std::string> damage; ///< what is damaged: open_ledger() would set the file aside
};

/// Looks as open_ledger() does, beside a running daemon or without one; a file that is not there, or is empty, is a new
/// one. A fault is what open_ledger() would end with: ENOTSUP for a file that a newer kycd has written. Reads all of
/// the file; blocks.
[[nodiscard]] result<ledger_sight> look_at_ledger(const std::filesystem::path& file);

} // namespace kyc::ledger
