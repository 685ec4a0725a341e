#pragma once
// Delivery to another file system: a copy, one rename there, removal here, with a note in work/ of how far it has come.

#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/safe_open.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// Moves the case to <root>/<folder>/<name>[~n] by copying. `target` is the open <root>/<folder>.
[[nodiscard]] result<std::filesystem::path> deliver_by_copy(const folder& work, const folder& root,
                                                            const folder& target, const case_key& key,
                                                            const access_rules& access);

/// Finishes or forgets an interrupted delivery of this case. Where it went when it had arrived (then it is gone from
/// work/), none when it has to be delivered again.
[[nodiscard]] result<std::optional<std::filesystem::path>> settle_delivery(const spool_layout& layout,
                                                                           const folder& work, const case_key& key);

/// "A-1", "A-1~2", "A-1~3" …
[[nodiscard]] std::string numbered_name(const std::string& name, int count);

} // namespace kyc::fs
