#pragma once
// Which spool this is: a random name in work/ that the ledger knows too, because a mount that is missing looks like an
// empty spool.

#include "core/result.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_layout.hpp"

#include <optional>
#include <string>

namespace kyc::fs {

/// The identity in work/; none if it has none yet. work/ must exist. Blocks.
[[nodiscard]] result<std::optional<std::string>> read_identity(const spool_layout& layout);

/// The same, of an open work/.
[[nodiscard]] result<std::optional<std::string>> read_identity(const folder& work);

/// Makes a new one, durably, and returns it. Blocks.
[[nodiscard]] result<std::string> make_identity(const spool_layout& layout);

} // namespace kyc::fs
