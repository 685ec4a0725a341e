#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/ticket_files.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

const access_rules private_access{};

/// A folder that is kycd's: made if missing. An existing one is opened to the group when it is ours to change, for the
/// settings may name a group that they did not name before.
result<folder> make_own(const folder& parent, const std::string& name, const access_rules& access, bool adjust) {
    bool created = false;
    auto made = make_folder_in(parent, name, 0700, &created);
    if (!made) return made;

    struct stat found {};

    if (::fstat(made->get(), &found) != 0) return made->trouble_with(errno, "look at");
    const bool lacks_group = access.group && (found.st_gid != *access.group || (found.st_mode & 02770) != 02770);
    if (created || (adjust && lacks_group && found.st_uid == ::geteuid())) {
        if (const int error = set_access(made->get(), folder_mode(access), access); error != 0)
            return made->trouble_with(error, "set the group and mode of");
    }
    if (created) {
        if (auto done = sync(parent); !done) return done.error();
    }
    return made;
}

/// A root by its full path, which may be a link that the administrator made.
result<folder> make_root(const std::filesystem::path& path, const access_rules& access, bool with_parents,
                         bool adjust) {
    const auto parent_path = path.parent_path();
    auto parent = open_folder(parent_path);
    if (!parent && is_absent(parent.error()) && with_parents && parent_path.has_relative_path())
        parent = make_root(parent_path, access, true, false);
    if (!parent) return parent;

    struct stat found {};

    const auto name = path.filename().string();
    if (::fstatat(parent->get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(found.st_mode))
        return open_folder(path);
    return make_own(*parent, name, access, adjust);
}

result<void> make_service_folders(const folder& root, const std::vector<std::string>& names, const access_rules& access,
                                  bool adjust) {
    for (const auto& name : names) {
        // The administrator may have put a service's folder elsewhere by a link: it is neither followed nor refused
        // here.
        const auto found = stat_in(root, name);
        if (!found) return found.error();
        if (*found && !adjust) continue;
        const auto made = make_own(root, name, access, adjust);
        if (!made) return made.error();
    }
    return {};
}

} // namespace

result<void> prepare_spool(const spool_layout& layout, const std::vector<std::string>& service_folders,
                           const access_rules& access) {
    const auto& roots = layout.roots();
    auto own_folders = service_folders;
    own_folders.emplace_back(ticket_folder);
    const auto work = make_root(roots.work, access, true, true);
    if (!work) return work.error();
    for (const auto* name : {".assembly", ".flat", ".refused", ".copied", ".delivering"}) {
        const auto made = make_own(*work, name, private_access, false);
        if (!made) return made.error();
    }
    for (const auto& path : {roots.outbox, roots.failed}) {
        const auto root = make_root(path, access, true, true);
        if (!root) return root.error();
        // Those that exist already; the others are made when a case arrives.
        std::vector<std::string> present;
        for (const auto& name : own_folders) {
            const auto found = stat_in(*root, name);
            if (!found) return found.error();
            if (*found && S_ISDIR((*found)->st_mode)) present.push_back(name);
        }
        if (auto done = make_service_folders(*root, present, access, true); !done) return done;
    }
    const auto inbox = make_root(roots.inbox, access, false, false);
    if (!inbox) return inbox.error();
    return make_service_folders(*inbox, own_folders, access, false);
}

} // namespace kyc::fs
