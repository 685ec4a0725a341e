#pragma once
// The full scan of the inbox.

#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/flat_index.hpp"
#include "fs/inbox.hpp"

#include <string_view>
#include <vector>

namespace kyc::fs::intake {

/// Whether a folder directly in the inbox is something else than a service's: kycd's own, or a file system's litter.
[[nodiscard]] bool is_reserved_folder(std::string_view name);

/// Everything that may be a case, in the order of inbox::list(). `flat` learns which files belong together.
[[nodiscard]] result<std::vector<inbox_entry>> scan_inbox(int root, const service_table& services, flat_index& flat);

} // namespace kyc::fs::intake
