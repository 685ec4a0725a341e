#pragma once
// A delivered case that is verified again where it stands in outbox/ (design section 9): the new answer takes the place
// of the old one, which becomes history. Blocking.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/spool_layout.hpp"

#include <optional>
#include <string>

namespace kyc::fs {

/// Below a case's folder: the answers and errors of before.
inline constexpr const char* history_folder = "history";

/// The case of outbox/<folder>/<name>, as it stands there now.
struct standing_case {
    std::filesystem::path folder;
    std::string result; ///< the text of its result.json
    bool held = false;  ///< it bears the mark .hold
    std::string
        obstacle; ///< why a new answer could not be written there, so that none is worth paying for; empty: none
};

/// None when there is no such folder, or no result.json of kycd's in it. An outbox that is not mounted is a fault.
[[nodiscard]] result<std::optional<standing_case>> look_at_standing(const spool_layout& layout, const case_key& where);

/// Writes the old text as history/<old_name>, then replaces result.json by the new text: readers see one of the two
/// there at every moment, and the old one in the history before it is replaced. Durable; the same call again does the
/// same again. ENOENT: the case has left the outbox.
[[nodiscard]] result<void> renew_result(const spool_layout& layout, const case_key& where, const std::string& old_name,
                                        const std::string& old_text, const std::string& new_text,
                                        const access_rules& access);

/// The text of history/<name>; none if there is none of kycd's.
[[nodiscard]] result<std::optional<std::string>> read_history(const spool_layout& layout, const case_key& where,
                                                              const std::string& name);

/// Writes history/<name>, durably; a file of that name is replaced. ENOENT as above.
[[nodiscard]] result<void> add_to_history(const spool_layout& layout, const case_key& where, const std::string& name,
                                          const std::string& text, const access_rules& access);

} // namespace kyc::fs
