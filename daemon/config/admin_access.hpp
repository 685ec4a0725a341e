#pragma once
// `admin:` of the settings as the web server takes it, with the token read.

#include "admin/http_server.hpp"
#include "core/settings.hpp"

#include <boost/system/result.hpp>

#include <optional>
#include <string>
#include <sys/types.h>

namespace kyc {

/// Where the admin page is and for whom. `group` may use a unix socket, too. The error says what is wrong with the
/// token, in words for people and without any of it. Blocks on the disk.
[[nodiscard]] boost::system::result<admin::http_access, std::string> read_admin_access(const settings& config,
                                                                                       std::optional<gid_t> group);

} // namespace kyc
