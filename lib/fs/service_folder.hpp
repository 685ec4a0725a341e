#pragma once
// A service's folder in the inbox, for commands that put cases there.

#include "core/result.hpp"
#include "fs/safe_open.hpp"

#include <string>

namespace kyc::fs {

/// Opens inbox/<name>, which is made if it is missing. A command may make it before the daemon does: it gets the
/// inbox' own owner and mode then, as far as permitted, so that it is as usable as the inbox itself.
[[nodiscard]] result<folder> open_service_folder(const folder& inbox, const std::string& name);

} // namespace kyc::fs
