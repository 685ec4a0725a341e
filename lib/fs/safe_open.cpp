#include "fs/safe_open.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/syscall.h>

namespace kyc::fs {

namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY;

int openat2(int parent, const char* relative, int flags, mode_t mode) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    // The kernel refuses a mode that nothing will use.
    how.mode = (flags & O_CREAT) != 0 ? mode : 0;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    for (;;) {
        const auto fd = ::syscall(SYS_openat2, parent, relative, &how, sizeof how);
        if (fd >= 0) return static_cast<int>(fd);
        // EAGAIN: something was renamed while ".." was resolved.
        if (errno != EINTR && errno != EAGAIN) return -1;
    }
}

int openat_retry(int parent, const char* name, int flags, mode_t mode) {
    int fd = -1;
    do {
        fd = ::openat(parent, name, flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

bool has_nul(const std::string& name) {
    return name.find('\0') != std::string::npos;
}

} // namespace

fault folder::trouble_with(int errno_value, std::string_view operation, const std::string& name) const {
    return last_fault(errno_value, std::string{operation} + ' ' + (name.empty() ? path : path / name).string());
}

result<folder> open_folder(const std::filesystem::path& path) {
    unique_fd fd{::open(path.c_str(), folder_flags | O_CLOEXEC)};
    if (!fd) return last_fault(errno, "open folder " + path.string());
    return folder{std::move(fd), path};
}

result<unique_fd> open_beneath_stepwise(const folder& parent, const std::string& relative, int flags, mode_t mode) {
    if (has_nul(relative)) return parent.trouble_with(EINVAL, "open a name with a NUL in");
    if (relative.starts_with('/')) return parent.trouble_with(EXDEV, "open", relative.substr(1));
    unique_fd here;
    std::size_t begin = 0;
    for (;;) {
        const auto slash = relative.find('/', begin);
        const std::string part = relative.substr(begin, slash == std::string::npos ? slash : slash - begin);
        if (part == "..") return parent.trouble_with(EXDEV, "open", relative);
        const bool last = slash == std::string::npos;
        const int step_flags = last ? flags : folder_flags;
        unique_fd next{openat_retry(here ? here.get() : parent.get(), part.c_str(), step_flags, mode)};
        if (!next) return parent.trouble_with(errno, "open", relative);
        here = std::move(next);
        if (last) return here;
        begin = slash + 1;
    }
}

result<unique_fd> open_beneath(const folder& parent, const std::string& relative, int flags, mode_t mode) {
    static std::atomic<bool> has_openat2{true};
    if (has_nul(relative)) return parent.trouble_with(EINVAL, "open a name with a NUL in");
    if (has_openat2) {
        unique_fd fd{openat2(parent.get(), relative.c_str(), flags, mode)};
        if (fd) return fd;
        // EPERM is how a seccomp filter that does not know the call answers; it may also be meant, then the steps say
        // so again.
        if (errno != ENOSYS && errno != EPERM) return parent.trouble_with(errno, "open", relative);
        if (errno == ENOSYS) has_openat2 = false;
    }
    return open_beneath_stepwise(parent, relative, flags, mode);
}

result<folder> open_folder_in(const folder& parent, const std::string& relative) {
    auto fd = open_beneath(parent, relative, folder_flags);
    if (!fd) return fd.error();
    return folder{std::move(*fd), parent.path / relative};
}

result<folder> make_folder_in(const folder& parent, const std::string& name, mode_t mode, bool* created) {
    const bool made = ::mkdirat(parent.get(), name.c_str(), mode) == 0;
    if (!made && errno != EEXIST) return parent.trouble_with(errno, "make folder", name);
    if (created != nullptr) *created = made;
    return open_folder_in(parent, name);
}

result<std::vector<std::string>> list_names(const folder& where) {
    // Its own description: a listing of the same folder elsewhere does not move this one's position.
    const int fd = ::openat(where.get(), ".", folder_flags | O_CLOEXEC);
    if (fd < 0) return where.trouble_with(errno, "list");
    const auto close = [](DIR* opened) { ::closedir(opened); };
    const std::unique_ptr<DIR, decltype(close)> stream{::fdopendir(fd), close};
    if (!stream) {
        const int error = errno;
        ::close(fd);
        return where.trouble_with(error, "list");
    }
    std::vector<std::string> names;
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(stream.get());
        if (found == nullptr) {
            if (errno != 0) return where.trouble_with(errno, "list");
            break;
        }
        std::string name = found->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
    }
    std::sort(names.begin(), names.end());
    return names;
}

result<std::optional<struct stat>> stat_in(const folder& where, const std::string& name) {
    struct stat found {};

    if (::fstatat(where.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return std::optional{found};
    if (errno == ENOENT) return std::optional<struct stat>{};
    return where.trouble_with(errno, "look at", name);
}

std::chrono::system_clock::time_point time_of(const timespec& time) {
    using namespace std::chrono;
    return system_clock::time_point(
        duration_cast<system_clock::duration>(seconds(time.tv_sec) + nanoseconds(time.tv_nsec)));
}

bool is_absent(const fault& error) {
    return error.code.value() == ENOENT;
}

int rename_over_placeholder(const folder& from, const std::string& name, const folder& to,
                            const std::string& new_name) {
    struct stat source {};

    if (::fstatat(from.get(), name.c_str(), &source, AT_SYMLINK_NOFOLLOW) != 0) return errno;
    const bool is_folder = S_ISDIR(source.st_mode);
    if (is_folder) {
        if (::mkdirat(to.get(), new_name.c_str(), 0700) != 0) return errno;
    } else {
        const unique_fd made{openat_retry(to.get(), new_name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600)};
        if (!made) return errno;
    }
    if (::renameat(from.get(), name.c_str(), to.get(), new_name.c_str()) == 0) return 0;
    const int error = errno;
    ::unlinkat(to.get(), new_name.c_str(), is_folder ? AT_REMOVEDIR : 0);
    return error;
}

int rename_no_replace(const folder& from, const std::string& name, const folder& to, const std::string& new_name) {
    if (::renameat2(from.get(), name.c_str(), to.get(), new_name.c_str(), RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) return errno;
    return rename_over_placeholder(from, name, to, new_name);
}

} // namespace kyc::fs
