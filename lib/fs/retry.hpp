#pragma once
// A failed case's way back into the inbox. Blocking.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/case_folder.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <string>

namespace kyc::fs {

/// What came of one.
struct retried {
    std::filesystem::path to; ///< where it is in the inbox; empty when it was not moved
    std::string why_not;      ///< a sentence; the case is in failed/ as it was
};

/// A case in failed/.
struct failed_case {
    case_key place;   ///< failed/<folder>/<name>, the name with "~2" if delivery numbered it
    std::string name; ///< what the case was called, and is to be called again
    bool flat = false;
};

/// Moves it to inbox/<folder>/<name>, or a flat case's files one by one to inbox/<folder>/, the marker last, and never
/// over anything. Its error.json goes away; everything else keeps its name. A service's folder that is missing in the
/// inbox is made like the inbox itself. What an interrupted call began, the next one ends: a case is never in the inbox
/// twice. Works beside a running daemon. `target` is null for an unknown service.
[[nodiscard]] result<retried> retry_case(const spool_layout& layout, const failed_case& which, const service* target,
                                         const access_rules& access);

/// Whether the files in this folder of failed/ were dropped flat, by their names.
[[nodiscard]] bool looks_flat(const std::filesystem::path& place, const std::string& name, const service* target);

/// The name that error.json has while its case is on its way back.
inline constexpr const char* retried_mark = ".kycd.retried.tmp";

/// In a flat case whose files are on their way back.
inline constexpr const char* moving_note = ".kycd.moving.tmp";

} // namespace kyc::fs
