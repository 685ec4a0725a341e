#include "fs/service_folder.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace kyc::fs {

result<folder> open_service_folder(const folder& inbox, const std::string& name) {
    bool created = false;
    auto made = make_folder_in(inbox, name, 0700, &created);
    if (!made || !created) return made;

    struct stat like {};

    if (::fstat(inbox.get(), &like) != 0) return inbox.trouble_with(errno, "look at");
    if (::fchown(made->get(), like.st_uid, like.st_gid) != 0 && errno != EPERM)
        return made->trouble_with(errno, "set the owner of");
    if (::fchmod(made->get(), like.st_mode & 07777) != 0 && errno != EPERM)
        return made->trouble_with(errno, "set the mode of");
    return made;
}

} // namespace kyc::fs
