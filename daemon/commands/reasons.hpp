#pragma once
// Why one case is where it is, and what happens next: the rules of `why`.

#include "commands/spool_view.hpp"

#include <optional>
#include <string>

namespace kyc {

/// Exactly one reason.
struct explanation {
    std::string path;              ///< of what it is about
    std::string about;             ///< "folder/case"; empty for what is no case
    std::optional<standing> state; ///< of the case
    std::string reason;            ///< a word for programs: "not_ready", "api_down", …
    std::string because;           ///< a sentence for people
    std::string next;              ///< what happens next, or what to do
    std::optional<utc_time> next_at;
    bool unseen = false; ///< its folder may be there: the root in which it would be is not
};

/// Of a case that lies somewhere. The system's trouble goes before the API's, that before the case's own.
[[nodiscard]] explanation explain(spool_view& view, const found_place& place);

/// Of a case that the ledger knows and whose folder is nowhere; until the daemon forgets it, that may be by the rules
/// of retention.
[[nodiscard]] explanation explain_missing(const spool_view& view, const seen_case& seen);

} // namespace kyc
