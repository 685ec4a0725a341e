#include "start/spool_access.hpp"

#include <grp.h>
#include <vector>

namespace kyc {

boost::system::result<fs::access_rules, std::string> resolve_access(const settings& config) {
    fs::access_rules access;
    if (!config.group) return access;
    std::vector<char> buffer(1 << 16);
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(config.group->c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return "group: there is no group '" + *config.group +
               "' on this machine; create it (groupadd) or remove the setting";
    access.group = found->gr_gid;
    return access;
}

} // namespace kyc
