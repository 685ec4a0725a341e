#pragma once
// The end of what has ended: cases in outbox/ and failed/ that are kept no longer. Blocking.

#include "core/case_key.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_layout.hpp"

#include <vector>

namespace kyc::fs {

/// Beside a case's images: it is not to be removed, whatever the rules say.
inline constexpr const char* hold_mark = ".hold";

/// A case in outbox/ or failed/ whose time is over.
struct expired_case {
    case_key key; ///< `key.name` is the folder's name there, which may end in ~2
    bool held = false;
};

/// The cases of one root whose result.json (outbox) or error.json (failed) was written before `before`; with them the
/// refused tickets in failed/reverify/, and the reports in outbox/reverify/ by their report.json. A folder without that
/// file is nobody's case and is not among them, nor is a service folder that cannot be read. A fault means
/// that the root itself cannot be read.
[[nodiscard]] result<std::vector<expired_case>> list_expired(const spool_layout& layout, spool_root from,
                                                             utc_time before);

enum class removal {
    removed,
    gone, ///< somebody else has taken it
    held, ///< the mark came just now
};

/// Removes a case with everything in it. It leaves its place as a whole first, into <root>/.kycd/removed/, so that
/// nobody meets half of it; a mark that somebody sets at that moment brings it back. A fault means that it is where it
/// was, or that some of it is left in there for finish_removals(). Different cases may be removed at the same time.
[[nodiscard]] result<removal> remove_ended(const spool_layout& layout, spool_root from, const case_key& key);

/// Ends the removals that were cut short; what bears the mark goes back to where it was. Not beside remove_ended().
[[nodiscard]] result<void> finish_removals(const spool_layout& layout, spool_root from);

} // namespace kyc::fs
