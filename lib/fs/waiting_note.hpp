#pragma once
// Notes in the inbox that tell a producer what a case waits for: <case>.status.txt beside it. Blocking.

#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/inbox.hpp"
#include "fs/spool_layout.hpp"

#include <string>
#include <string_view>

namespace kyc::fs {

/// Each note begins with it: a file of that name without it is somebody else's, and is neither replaced nor removed.
inline constexpr std::string_view note_mark = "kycd tells what this case waits for.\n";

/// Puts the note beside the entry, or a new one in place of the old one. `text` begins with note_mark. Nothing happens,
/// without a fault, where a note cannot be: the service's folder has gone, the case's name is too long or no case's, or
/// somebody else's file has the note's name. No link is followed. Not durable.
[[nodiscard]] result<void> put_note(const spool_layout& layout, const inbox_entry& entry, std::string_view text,
                                    const access_rules& access);

/// Removes it if it is there and kycd's.
[[nodiscard]] result<void> remove_note(const spool_layout& layout, const inbox_entry& entry);

/// Removes every note of kycd's in the inbox: what an earlier run left. A service folder that cannot be read is passed
/// over.
[[nodiscard]] result<void> remove_all_notes(const spool_layout& layout);

} // namespace kyc::fs
