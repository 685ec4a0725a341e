#include "fs/tree.hpp"

#include "fs/atomic_file.hpp"
#include "fs/sha256.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <vector>

namespace kyc::fs {

namespace {

/// A folder is open at each level, so a hostile depth would eat the descriptors.
constexpr int max_depth = 64;

constexpr std::size_t chunk_bytes = 256 << 10;

result<std::string> hash_of(const folder& where, const std::string& name) {
    const auto file = open_beneath(where, name, O_RDONLY);
    if (!file) return file.error();
    // After the fsync the pages are clean: dropping them makes the comparison read the disk, or ask the share.
    ::posix_fadvise(file->get(), 0, 0, POSIX_FADV_DONTNEED);
    sha256_stream hash;
    std::vector<std::byte> buffer(chunk_bytes);
    for (;;) {
        const auto count = read_some(file->get(), buffer);
        if (count < 0) return where.trouble_with(errno, "read back", name);
        if (count == 0) return hash.finish();
        hash.update(std::span{buffer}.first(static_cast<std::size_t>(count)));
    }
}

result<void> copy_file(const folder& from, const folder& to, const std::string& name, const access_rules& access) {
    const auto source = open_beneath(from, name, O_RDONLY);
    if (!source) return source.error();

    struct stat found {};

    if (::fstat(source->get(), &found) != 0) return from.trouble_with(errno, "look at", name);
    if (!S_ISREG(found.st_mode)) return {};

    auto copy = open_beneath(to, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!copy) return copy.error();
    sha256_stream hash;
    std::vector<std::byte> buffer(chunk_bytes);
    for (;;) {
        const auto count = read_some(source->get(), buffer);
        if (count < 0) return from.trouble_with(errno, "read", name);
        if (count == 0) break;
        const auto bytes = std::span{buffer}.first(static_cast<std::size_t>(count));
        hash.update(bytes);
        if (const int error = write_all(copy->get(), bytes); error != 0) return to.trouble_with(error, "write", name);
    }
    // A share may know neither modes nor times; the bytes are what counts.
    static_cast<void>(set_access(copy->get(), file_mode(access), access));
    const std::array times{found.st_atim, found.st_mtim};
    static_cast<void>(::futimens(copy->get(), times.data()));
    if (::fsync(copy->get()) != 0) return to.trouble_with(errno, "sync", name);
    copy->reset();

    const auto copied = hash_of(to, name);
    if (!copied) return copied.error();
    if (*copied != hash.finish())
        return to.trouble_with(EIO, "compare the copy (it differs from what was read) of", name);
    return {};
}

result<void> copy_link(const folder& from, const folder& to, const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlinkat(from.get(), name.c_str(), target.data(), target.size() - 1);
    if (size < 0) return from.trouble_with(errno, "read link", name);
    if (::symlinkat(target.data(), to.get(), name.c_str()) == 0) return {};
    // A share without links: the link was never followed and never content, so it is dropped like a FIFO.
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == EACCES) return {};
    return to.trouble_with(errno, "make link", name);
}

result<void> copy_content(const folder& from, const folder& to, const access_rules& access, int depth) {
    const auto names = list_names(from);
    if (!names) return names.error();
    for (const auto& name : *names) {
        const auto found = stat_in(from, name);
        if (!found) return found.error();
        if (!*found) continue;
        const mode_t mode = (*found)->st_mode;
        result<void> done;
        if (S_ISREG(mode)) done = copy_file(from, to, name, access);
        if (S_ISLNK(mode)) done = copy_link(from, to, name);
        if (S_ISDIR(mode) && depth < max_depth) {
            const auto inner = open_folder_in(from, name);
            if (!inner) return inner.error();
            const auto made = make_folder_in(to, name, 0700);
            if (!made) return made.error();
            done = copy_content(*inner, *made, access, depth + 1);
        }
        if (!done) return done.error();
    }
    static_cast<void>(set_access(to.get(), folder_mode(access), access));
    return sync(to);
}

/// What keeps a file's mode as it is without being anybody's trouble: it is the producer's, or the file system has
/// none.
bool may_stay(int error) {
    return error == 0 || error == EPERM || error == EACCES || error == EOPNOTSUPP || error == ENOSYS;
}

result<void> set_access_of(const folder& where, const std::string& name, int fd, mode_t mode,
                           const access_rules& access) {
    const int error = set_access(fd, mode, access);
    if (!may_stay(error)) return where.trouble_with(error, "set the group and mode of", name);
    return {};
}

result<void> set_access_of_content(const folder& where, const access_rules& access, int depth) {
    const auto names = list_names(where);
    if (!names) return names.error();
    for (const auto& name : *names) {
        const auto found = stat_in(where, name);
        if (!found) return found.error();
        if (!*found) continue;
        const mode_t mode = (*found)->st_mode;
        if (S_ISDIR(mode) ? depth >= max_depth : !S_ISREG(mode)) continue;
        auto opened = open_beneath(where, name, S_ISDIR(mode) ? O_RDONLY | O_DIRECTORY : O_RDONLY);
        if (!opened) {
            if (is_absent(opened.error()) || may_stay(opened.error().code.value())) continue;
            return opened.error();
        }
        if (S_ISDIR(mode)) {
            const folder inner{std::move(*opened), where.path / name};
            auto done = set_access_of_content(inner, access, depth + 1);
            if (!done && !may_stay(done.error().code.value())) return done;
            done = set_access_of(where, name, inner.get(), folder_mode(access), access);
            if (!done) return done;
            continue;
        }

        struct stat now {};

        if (::fstat(opened->get(), &now) != 0) return where.trouble_with(errno, "look at", name);
        if (!S_ISREG(now.st_mode) || now.st_nlink != 1) continue;
        if (auto done = set_access_of(where, name, opened->get(), file_mode(access), access); !done) return done;
    }
    return {};
}

/// Whether opening failed because of the thing's own permissions; otherwise it is the system's trouble.
bool is_kept_from_us(const folder& where, const std::string& name, const fault& met, int mode) {
    const int error = met.code.value();
    if (error != EACCES && error != EPERM) return false;
    return ::faccessat(where.get(), name.c_str(), mode, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0;
}

result<std::optional<std::string>> find_unreadable_in(const folder& parent, const std::string& name, int depth) {
    using outcome = std::optional<std::string>;
    const auto where = open_folder_in(parent, name);
    if (!where && is_kept_from_us(parent, name, where.error(), R_OK)) return outcome{"."};
    if (!where) return where.error();
    // Readable and not to be searched: its names can be listed and nothing more.
    if (::faccessat(where->get(), ".", R_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES) return outcome{"."};
    const auto names = list_names(*where);
    if (!names) return names.error();
    for (const auto& inner : *names) {
        const auto found = stat_in(*where, inner);
        if (!found) return found.error();
        if (!*found) continue;
        if (S_ISREG((*found)->st_mode)) {
            const auto file = open_beneath(*where, inner, O_RDONLY);
            if (!file && is_kept_from_us(*where, inner, file.error(), R_OK)) return outcome{inner};
            if (!file && !is_absent(file.error())) return file.error();
        }
        if (S_ISDIR((*found)->st_mode) && depth < max_depth) {
            auto below = find_unreadable_in(*where, inner, depth + 1);
            if (!below) return below;
            if (*below) return outcome{**below == "." ? inner : inner + '/' + **below};
        }
    }
    return outcome{};
}

result<void> sync_content(const folder& where, int depth) {
    const auto names = list_names(where);
    if (!names) return names.error();
    for (const auto& name : *names) {
        const auto found = stat_in(where, name);
        if (!found) return found.error();
        if (!*found) continue; // a case that has left meanwhile
        const bool is_folder = S_ISDIR((*found)->st_mode);
        if (!is_folder && !S_ISREG((*found)->st_mode)) continue;
        if (is_folder && depth == max_depth) continue;
        auto opened = open_beneath(where, name, is_folder ? O_RDONLY | O_DIRECTORY : O_RDONLY);
        if (!opened) {
            const int error = opened.error().code.value();
            if (error == ENOENT || error == EACCES || error == EPERM) continue;
            return opened.error();
        }
        if (is_folder) {
            const folder inner{std::move(*opened), where.path / name};
            if (auto done = sync_content(inner, depth + 1); !done) return done;
        } else if (::fdatasync(opened->get()) != 0) {
            return where.trouble_with(errno, "sync", name);
        }
    }
    return sync(where);
}

result<void> remove_content(const folder& where, const folder& top, int& moved, int depth) {
    const auto names = list_names(where);
    if (!names) return names.error();
    for (const auto& name : *names) {
        if (::unlinkat(where.get(), name.c_str(), 0) == 0 || errno == ENOENT) continue;
        const int refused = errno;
        const auto found = stat_in(where, name);
        if (!found) return found.error();
        if (!*found) continue;
        if (!S_ISDIR((*found)->st_mode)) return where.trouble_with(refused, "remove", name);
        if (depth >= max_depth) {
            // Brought up to the top, where the next round finds it.
            const std::string flat_name = ".kycd.deep." + std::to_string(moved++);
            const int error = rename_no_replace(where, name, top, flat_name);
            if (error != 0) return where.trouble_with(error, "remove", name);
            continue;
        }
        const auto inner = open_folder_in(where, name);
        if (!inner) return inner.error();
        if (auto done = remove_content(*inner, top, moved, depth + 1); !done) return done;
        if (::unlinkat(where.get(), name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
            return where.trouble_with(errno, "remove", name);
    }
    return {};
}

} // namespace

mode_t folder_mode(const access_rules& access) {
    return access.group ? 02770 : 0700;
}

mode_t file_mode(const access_rules& access) {
    return access.group ? 0660 : 0600;
}

int set_access(int fd, mode_t mode, const access_rules& access) {
    // The group first: changing it may clear the set-group-id bit.
    if (access.group && ::fchown(fd, static_cast<uid_t>(-1), *access.group) != 0) return errno;
    return ::fchmod(fd, mode) == 0 ? 0 : errno;
}

result<void> set_access_below(const folder& parent, const std::string& name, const access_rules& access) {
    const auto opened = open_folder_in(parent, name);
    if (!opened) return opened.error();
    auto done = set_access_of_content(*opened, access, 0);
    if (!done && !may_stay(done.error().code.value())) return done;
    return set_access_of(parent, name, opened->get(), folder_mode(access), access);
}

result<std::optional<std::string>> find_unreadable(const folder& parent, const std::string& name) {
    return find_unreadable_in(parent, name, 0);
}

result<void> copy_tree(const folder& from, const std::string& name, const folder& to, const std::string& new_name,
                       const access_rules& access) {
    if (auto removed = remove_tree(to, new_name); !removed) return removed;
    const auto source = open_folder_in(from, name);
    if (!source) return source.error();
    const auto copy = make_folder_in(to, new_name, 0700);
    if (!copy) return copy.error();
    return copy_content(*source, *copy, access, 0);
}

result<void> sync_tree(const folder& where) {
    return sync_content(where, 0);
}

result<void> remove_tree(const folder& parent, const std::string& name) {
    const auto found = stat_in(parent, name);
    if (!found) return found.error();
    if (!*found) return {};
    if (S_ISDIR((*found)->st_mode)) {
        const auto top = open_folder_in(parent, name);
        if (!top) return top.error();
        int moved = 0;
        for (;;) {
            const int before = moved;
            if (auto done = remove_content(*top, *top, moved, 0); !done) return done;
            if (moved == before) break;
        }
    }
    if (::unlinkat(parent.get(), name.c_str(), S_ISDIR((*found)->st_mode) ? AT_REMOVEDIR : 0) != 0 && errno != ENOENT)
        return parent.trouble_with(errno, "remove", name);
    return {};
}

} // namespace kyc::fs
