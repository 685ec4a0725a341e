#include "fs/layout_check.hpp"

#include "fs/atomic_file.hpp"
#include "fs/file_state.hpp"
#include "fs/mount_kind.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

namespace stdfs = std::filesystem;

struct root {
    const char* setting;
    stdfs::path given;
    stdfs::path resolved;

    [[nodiscard]] std::string text() const { return std::string{setting} + " (" + given.string() + ")"; }
};

struct identity {
    dev_t device{};
    ino_t inode{};

    bool operator==(const identity&) const = default;
};

std::optional<identity> identity_of(const stdfs::path& path) {
    struct stat found {};

    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return identity{found.st_dev, found.st_ino};
}

bool is_prefix(const stdfs::path& outer, const stdfs::path& inner) {
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

/// By path, and by what the disk says of each folder above: a bind mount has another path and the same identity.
bool lies_in(const root& inner, const root& outer) {
    if (is_prefix(outer.resolved, inner.resolved)) return true;
    const auto wanted = identity_of(outer.resolved);
    if (!wanted) return false;
    for (auto path = inner.resolved; path.has_relative_path(); path = path.parent_path()) {
        if (identity_of(path) == wanted) return true;
    }
    return false;
}

/// What writing another path would cure; the rest is the system's trouble.
bool is_about_the_path(const std::error_code& error) {
    return error == std::errc::too_many_symbolic_link_levels || error == std::errc::filename_too_long ||
           error == std::errc::not_a_directory;
}

bool same_folder(const root& a, const root& b) {
    if (a.resolved == b.resolved) return true;
    const auto first = identity_of(a.resolved);
    return first && first == identity_of(b.resolved);
}

struct known_type {
    unsigned long magic;
    const char* name;
};

/// The local ones; network_type() knows the others.
constexpr std::array known_types{
    known_type{0xEF53, "ext4"},      known_type{0x58465342, "xfs"},      known_type{0x9123683E, "btrfs"},
    known_type{0x01021994, "tmpfs"}, known_type{0x794C7630, "overlay"},  known_type{0x2FC12FC1, "zfs"},
    known_type{0xF2F52010, "f2fs"},  known_type{0x52654973, "reiserfs"}, known_type{0x3153464A, "jfs"},
    known_type{0x4D44, "vfat"},      known_type{0x2011BAB0, "exfat"},    known_type{0x5346544E, "ntfs"},
    known_type{0x7366746E, "ntfs3"}, known_type{0xCA451A4E, "bcachefs"},
};

/// Hidden, so that the intake passes over it, and of this process and call alone.
std::string probe_name() {
    static std::atomic<unsigned> count{0};
    return ".kycd.probe." + std::to_string(::getpid()) + '.' + std::to_string(count++);
}

} // namespace

result<std::optional<std::string>> layout_objection(const folder_settings& folders) {
    std::array roots{root{"folders.inbox", folders.inbox, {}}, root{"folders.work", folders.work, {}},
                     root{"folders.outbox", folders.outbox, {}}, root{"folders.failed", folders.failed, {}}};
    for (auto& each : roots) {
        if (!each.given.is_absolute())
            return std::optional(each.text() + " is not an absolute path; write it from the root, as /var/spool/kycd/" +
                                 (std::string{each.setting}.substr(8)));
        std::error_code error;
        each.resolved = stdfs::weakly_canonical(each.given, error);
        if (error && !is_about_the_path(error)) return last_fault(error.value(), "resolve " + each.text());
        if (error)
            return std::optional(each.text() + " cannot be resolved: " + error.message() +
                                 "; check the links on its way");
        // "/spool/" and "/spool" are one folder, but not one path.
        if (!each.resolved.has_filename()) each.resolved = each.resolved.parent_path();
        if (!each.resolved.has_relative_path() || identity_of(each.resolved) == identity_of("/"))
            return std::optional(each.text() + " is the root of the file system; give it a folder of its own");
    }
    for (std::size_t i = 0; i < roots.size(); ++i) {
        for (std::size_t j = i + 1; j < roots.size(); ++j) {
            if (same_folder(roots[i], roots[j]))
                return std::optional(roots[i].text() + " and " + roots[j].text() +
                                     " are the same folder, be it by a link or a mount; give each a folder of its own");
        }
    }
    for (const auto& inner : roots) {
        for (const auto& outer : roots) {
            if (&inner == &outer || !lies_in(inner, outer)) continue;
            return std::optional(inner.text() + " lies inside " + outer.text() +
                                 ", so cases would go round in circles; put them beside each other");
        }
    }
    return std::optional<std::string>();
}

result<file_system_type> file_system_of(const stdfs::path& path) {
    const auto network = intake::network_type(path);
    if (!network) return network.error();
    if (*network) return file_system_type{**network, true};

    struct statfs found {};

    int outcome = 0;
    do {
        outcome = ::statfs(path.c_str(), &found);
    } while (outcome != 0 && errno == EINTR);
    if (outcome != 0) return last_fault(errno, "ask for the file system of " + path.string());
    // The field's width and sign differ between machines; the magic numbers have 32 bits.
    const auto magic = static_cast<unsigned long>(found.f_type) & 0xFFFFFFFFul;
    for (const auto& known : known_types) {
        if (known.magic == magic) return file_system_type{known.name, false};
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "type 0x%lx", magic);
    return file_system_type{text.data(), false};
}

folder_probe probe_folder(const stdfs::path& path) {
    folder_probe probe;
    if (auto type = file_system_of(path)) probe.file_system = std::move(*type);
    const auto opened = open_folder(path);
    if (!opened) {
        probe.problem = opened.error().message();
        return probe;
    }
    const std::string name = probe_name();
    if (auto done = write_atomically(*opened, name, "kycd was here\n", 0600); !done) {
        probe.problem = done.error().message();
        return probe;
    }
    if (::unlinkat(opened->get(), name.c_str(), 0) != 0) {
        probe.problem = opened->trouble_with(errno, "remove", name).message();
        return probe;
    }
    probe.usable = true;
    return probe;
}

std::vector<fault> closed_folders_in(const stdfs::path& root,
                                     const std::function<bool(const std::string& name)>& wanted) {
    std::vector<fault> closed;
    const auto opened = open_folder(root);
    if (!opened) return {opened.error()};
    std::vector<std::string> names;
    const auto read = intake::for_each_name(opened->get(), [&](const char* name, unsigned char type) {
        if ((type == DT_DIR || type == DT_UNKNOWN) && wanted(name)) names.emplace_back(name);
    });
    if (!read) return {opened->trouble_with(read.error().code.value(), "read")};
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
        const auto found = stat_in(*opened, name);
        if (found && (!*found || !S_ISDIR((*found)->st_mode))) continue;
        if (!found) {
            closed.push_back(found.error());
        } else if (::faccessat(opened->get(), name.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
            closed.push_back(opened->trouble_with(errno, "work in", name));
        }
    }
    return closed;
}

std::vector<stdfs::path> mounts_in(const stdfs::path& root,
                                   const std::function<bool(const std::string& name)>& wanted) {
    std::vector<stdfs::path> mounts;
    const auto opened = open_folder(root);
    const auto names = opened ? list_names(*opened) : result<std::vector<std::string>>{opened.error()};
    if (!names) return mounts;
    for (const auto& name : *names) {
        if (!wanted(name)) continue;
        const auto inner = open_folder_in(*opened, name);
        if (!inner) continue; // a file or a link, or one that closed_folders_in() tells of
        if (const auto apart = are_apart(*opened, *inner); apart && *apart) mounts.push_back(root / name);
    }
    return mounts;
}

std::optional<fault> not_a_folder(const stdfs::path& place) {
    struct stat found {};

    if (::lstat(place.c_str(), &found) != 0 || S_ISDIR(found.st_mode)) return std::nullopt;
    return last_fault(
        ENOTDIR, place.string() + (S_ISLNK(found.st_mode)
                                       ? " is a link, which kycd does not follow (move the folder itself there, or set "
                                         "another place under 'folders:')"
                                       : " stands where a folder belongs (move it away)"));
}

result<bool> can_rename_between(const stdfs::path& from, const stdfs::path& to) {
    const auto source = open_folder(from);
    if (!source) return source.error();
    const auto target = open_folder(to);
    if (!target) return target.error();
    const std::string name = probe_name();
    if (const auto made = open_beneath(*source, name, O_WRONLY | O_CREAT | O_EXCL, 0600); !made) return made.error();
    const int error = ::renameat(source->get(), name.c_str(), target->get(), name.c_str()) == 0 ? 0 : errno;
    ::unlinkat(error == 0 ? target->get() : source->get(), name.c_str(), 0);
    if (error != 0 && error != EXDEV) return source->trouble_with(error, "rename into " + to.string(), name);
    return error == 0;
}

} // namespace kyc::fs
