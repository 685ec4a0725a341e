#include "fs/usable.hpp"

#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/spool_identity.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

result<void> check_open_folder(const folder& which) {
    if (::faccessat(which.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return last_fault(errno, "write to " + which.path.string());

    struct statvfs room {};

    if (::fstatvfs(which.get(), &room) != 0) return last_fault(errno, "ask how much room is in " + which.path.string());
    // Some file systems have no fixed number of files and say 0 of 0.
    if (room.f_bavail == 0 || (room.f_files > 0 && room.f_favail == 0))
        return last_fault(ENOSPC, "write to " + which.path.string());
    return {};
}

} // namespace

result<void> check_folder_usable(const std::filesystem::path& path) {
    const auto opened = open_folder(path);
    if (!opened) return opened.error();
    return check_open_folder(*opened);
}

result<void> check_spool_usable(const spool_layout& layout, const std::string& identity) {
    const auto& work = layout.roots().work;
    const auto there = read_identity(layout);
    if (!there) return there.error();
    if (*there != identity)
        return last_fault(ESTALE, work.string() + " is not the folder it was at the start, is the spool mounted?");
    if (const auto fine = check_folder_usable(work); !fine) return fine.error();
    for (const auto which : {spool_root::inbox, spool_root::outbox, spool_root::failed}) {
        const auto root = open_root(layout, which);
        if (!root) return root.error();
        if (const auto fine = check_open_folder(*root); !fine) return fine.error();
    }
    return {};
}

} // namespace kyc::fs
