#pragma once
// `group:` of the settings as a number.

#include "core/settings.hpp"
#include "fs/case_folder.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace kyc {

/// Looks the group up (getgrnam_r(3)). The error says that it does not exist and what to do.
[[nodiscard]] boost::system::result<fs::access_rules, std::string> resolve_access(const settings& config);

} // namespace kyc
