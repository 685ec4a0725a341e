// The interposed calls that work on names.
#include "preload.hpp"

#include <cstdarg>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace pre = kyc::preload;
using pre::call;

namespace {

bool exists(const std::string& path) {
    const pre::errno_keeper keep;
    return pre::raw_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(path.c_str()), F_OK) == 0;
}

/// Any of the calls that open: notes a file that was made, or emptied.
template<class Real>
auto open_with(int parent, const char* name, unsigned flags, Real real) -> decltype(real()) {
    if (pre::idle()) return real();
    const auto path = pre::path_at(parent, name);
    if (const int error = pre::meet(call::open, path); error != 0) {
        errno = error;
        return -1;
    }
    if (!pre::recording() || !pre::is_ours(path)) return real();
    const auto in_order = pre::recorded_in_order();
    const bool was_there = exists(path);
    const auto fd = real();
    if (fd < 0) return fd;
    if ((flags & O_CREAT) != 0 && !was_there) pre::record("create", path);
    if ((flags & O_TRUNC) != 0 && was_there) pre::record("truncate", path, "0");
    return fd;
}

mode_t mode_of(int flags, va_list rest) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

template<class Real>
int passed(call what, int parent, const char* name, Real real) {
    return pre::idle() ? real() : pre::pass(what, pre::path_at(parent, name), real);
}

template<class Real>
int changed(call what, const char* operation, int parent, const char* name, Real real) {
    const auto path = pre::idle() ? std::string() : pre::path_at(parent, name);
    return pre::change(what, path, real, [&](int) {
        if (pre::is_ours(path)) pre::record(operation, path);
    });
}

template<class Real>
int rename_with(int from_parent, const char* from, int to_parent, const char* to, Real real) {
    if (pre::idle()) return real();
    const auto source = pre::path_at(from_parent, from);
    const auto target = pre::path_at(to_parent, to);
    return pre::change(call::rename, pre::is_ours(source) ? source : target, real, [&](int) {
        if (pre::is_ours(source) || pre::is_ours(target)) pre::record("rename", source, target);
    });
}

} // namespace

extern "C" {

int open(const char* name, int flags, ...) {
    static const auto real = pre::next<decltype(::open)>("open");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_with(AT_FDCWD, name, static_cast<unsigned>(flags), [&] { return real(name, flags, mode); });
}

int open64(const char* name, int flags, ...) {
    static const auto real = pre::next<decltype(::open64)>("open64");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_with(AT_FDCWD, name, static_cast<unsigned>(flags), [&] { return real(name, flags, mode); });
}

int openat(int parent, const char* name, int flags, ...) {
    static const auto real = pre::next<decltype(::openat)>("openat");
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_with(parent, name, static_cast<unsigned>(flags), [&] { return real(parent, name, flags, mode); });
}

/// Only openat2 is looked at: libc has no name of its own for it.
long syscall(long number, ...) noexcept {
    va_list rest;
    va_start(rest, number);
    long all[6];
    for (long& each : all)
        each = va_arg(rest, long);
    va_end(rest);
    const auto real = [&] { return pre::raw_call(number, all[0], all[1], all[2], all[3], all[4], all[5]); };
    if (number != SYS_openat2) return real();
    const auto* how = reinterpret_cast<const open_how*>(all[2]);
    return open_with(static_cast<int>(all[0]), reinterpret_cast<const char*>(all[1]), static_cast<unsigned>(how->flags),
                     real);
}

int rename(const char* from, const char* to) noexcept {
    static const auto real = pre::next<int(const char*, const char*)>("rename");
    return rename_with(AT_FDCWD, from, AT_FDCWD, to, [&] { return real(from, to); });
}

int renameat(int from_parent, const char* from, int to_parent, const char* to) noexcept {
    static const auto real = pre::next<int(int, const char*, int, const char*)>("renameat");
    return rename_with(from_parent, from, to_parent, to, [&] { return real(from_parent, from, to_parent, to); });
}

int renameat2(int from_parent, const char* from, int to_parent, const char* to, unsigned flags) noexcept {
    static const auto real = pre::next<int(int, const char*, int, const char*, unsigned)>("renameat2");
    return rename_with(from_parent, from, to_parent, to, [&] { return real(from_parent, from, to_parent, to, flags); });
}

int mkdir(const char* name, mode_t mode) noexcept {
    static const auto real = pre::next<int(const char*, mode_t)>("mkdir");
    return changed(call::mkdir, "mkdir", AT_FDCWD, name, [&] { return real(name, mode); });
}

int mkdirat(int parent, const char* name, mode_t mode) noexcept {
    static const auto real = pre::next<int(int, const char*, mode_t)>("mkdirat");
    return changed(call::mkdir, "mkdir", parent, name, [&] { return real(parent, name, mode); });
}

int unlink(const char* name) noexcept {
    static const auto real = pre::next<int(const char*)>("unlink");
    return changed(call::unlink, "unlink", AT_FDCWD, name, [&] { return real(name); });
}

int remove(const char* name) noexcept {
    static const auto real = pre::next<int(const char*)>("remove");
    return changed(call::unlink, "unlink", AT_FDCWD, name, [&] { return real(name); });
}

int rmdir(const char* name) noexcept {
    static const auto real = pre::next<int(const char*)>("rmdir");
    return changed(call::rmdir, "rmdir", AT_FDCWD, name, [&] { return real(name); });
}

int unlinkat(int parent, const char* name, int flags) noexcept {
    static const auto real = pre::next<int(int, const char*, int)>("unlinkat");
    const bool folder = (flags & AT_REMOVEDIR) != 0;
    return changed(folder ? call::rmdir : call::unlink, folder ? "rmdir" : "unlink", parent, name,
                   [&] { return real(parent, name, flags); });
}

int symlinkat(const char* target, int parent, const char* name) noexcept {
    static const auto real = pre::next<int(const char*, int, const char*)>("symlinkat");
    return changed(call::symlink, "symlink", parent, name, [&] { return real(target, parent, name); });
}

ssize_t readlinkat(int parent, const char* name, char* into, size_t size) noexcept {
    static const auto real = pre::next<ssize_t(int, const char*, char*, size_t)>("readlinkat");
    if (pre::idle()) return real(parent, name, into, size);
    return pre::pass(call::readlink, pre::path_at(parent, name), [&] { return real(parent, name, into, size); });
}

int stat(const char* name, struct stat* found) noexcept {
    static const auto real = pre::next<int(const char*, struct stat*)>("stat");
    return passed(call::stat, AT_FDCWD, name, [&] { return real(name, found); });
}

int stat64(const char* name, struct stat64* found) noexcept {
    static const auto real = pre::next<int(const char*, struct stat64*)>("stat64");
    return passed(call::stat, AT_FDCWD, name, [&] { return real(name, found); });
}

int lstat(const char* name, struct stat* found) noexcept {
    static const auto real = pre::next<int(const char*, struct stat*)>("lstat");
    return passed(call::stat, AT_FDCWD, name, [&] { return real(name, found); });
}

int lstat64(const char* name, struct stat64* found) noexcept {
    static const auto real = pre::next<int(const char*, struct stat64*)>("lstat64");
    return passed(call::stat, AT_FDCWD, name, [&] { return real(name, found); });
}

int fstatat(int parent, const char* name, struct stat* found, int flags) noexcept {
    static const auto real = pre::next<int(int, const char*, struct stat*, int)>("fstatat");
    return passed(call::stat, parent, name, [&] { return real(parent, name, found, flags); });
}

int statfs(const char* name, struct statfs* found) noexcept {
    static const auto real = pre::next<int(const char*, struct statfs*)>("statfs");
    const int done = passed(call::statfs, AT_FDCWD, name, [&] { return real(name, found); });
    if (done == 0) pre::play_share(pre::path_at(AT_FDCWD, name), found);
    return done;
}

int access(const char* name, int mode) noexcept {
    static const auto real = pre::next<int(const char*, int)>("access");
    return passed(call::access, AT_FDCWD, name, [&] { return real(name, mode); });
}

int faccessat(int parent, const char* name, int mode, int flags) noexcept {
    static const auto real = pre::next<int(int, const char*, int, int)>("faccessat");
    return passed(call::access, parent, name, [&] { return real(parent, name, mode, flags); });
}

int fchmodat(int parent, const char* name, mode_t mode, int flags) noexcept {
    static const auto real = pre::next<int(int, const char*, mode_t, int)>("fchmodat");
    return passed(call::chmod, parent, name, [&] { return real(parent, name, mode, flags); });
}

int chmod(const char* name, mode_t mode) noexcept {
    static const auto real = pre::next<int(const char*, mode_t)>("chmod");
    return passed(call::chmod, AT_FDCWD, name, [&] { return real(name, mode); });
}

/// It has no path: wherever it is made, it is ours.
int inotify_init1(int flags) noexcept {
    static const auto real = pre::next<int(int)>("inotify_init1");
    if (pre::idle()) return real(flags);
    pre::count(call::inotify_init);
    if (const int error = pre::injected(call::inotify_init, {}, nullptr); error != 0) {
        errno = error;
        return -1;
    }
    return real(flags);
}

int inotify_add_watch(int fd, const char* name, uint32_t mask) noexcept {
    static const auto real = pre::next<int(int, const char*, uint32_t)>("inotify_add_watch");
    return passed(call::inotify_add, AT_FDCWD, name, [&] { return real(fd, name, mask); });
}
}
