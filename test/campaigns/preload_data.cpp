// The interposed calls that work on an open file.
#include "preload.hpp"

#include <cstdarg>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace pre = kyc::preload;
using pre::call;

namespace {

constexpr off64_t at_position = -1;

/// The file whose lines become marks of the trace.
bool is_marks(const std::string& path) {
    static const std::string file = pre::from_environment("KYCD_PRELOAD_MARKS");
    return !file.empty() && path == file;
}

void note_write(int fd, const std::string& path, const void* data, off64_t offset, ssize_t written) {
    const std::string_view bytes(static_cast<const char*>(data), static_cast<std::size_t>(written));
    if (is_marks(path)) {
        auto text = bytes;
        while (text.ends_with('\n'))
            text.remove_suffix(1);
        pre::record("mark", text);
        return;
    }
    if (!pre::is_ours(path)) return;
    // After the write, so that it is right for O_APPEND too.
    if (offset == at_position) offset = pre::raw_call(SYS_lseek, fd, 0, SEEK_CUR) - written;
    pre::record("write", path, std::to_string(offset), bytes);
}

/// `real` writes so many bytes from the start of `data`.
template<class Real>
ssize_t write_with(int fd, const void* data, std::size_t size, off64_t offset, Real real) {
    if (pre::idle()) return real(size);
    const auto path = pre::path_of(fd);
    if (path.empty()) return real(size);
    bool half = false;
    if (const int error = pre::meet(call::write, path, &half); error != 0) {
        errno = error;
        return -1;
    }
    if (half && size > 1) size /= 2;
    const auto in_order = pre::recorded_in_order();
    const auto written = real(size);
    if (written > 0 && pre::recording()) {
        const pre::errno_keeper keep;
        note_write(fd, path, data, offset, written);
    }
    return written;
}

template<class Real>
auto passed(call what, int fd, Real real) -> decltype(real()) {
    return pre::idle() ? real() : pre::pass(what, pre::path_of(fd), real);
}

template<class Real>
int sync_with(call what, int fd, Real real) {
    const auto path = pre::idle() ? std::string() : pre::path_of(fd);
    const auto really = [&real] { return pre::without_syncs() ? 0 : real(); };
    return pre::change(what, path, really, [&](int) {
        if (pre::is_ours(path)) pre::record(what == call::syncfs ? "syncfs" : "fsync", path);
    });
}

template<class Real>
int truncate_with(int fd, off64_t size, Real real) {
    const auto path = pre::idle() ? std::string() : pre::path_of(fd);
    return pre::change(call::truncate, path, real, [&](int) {
        if (pre::is_ours(path)) pre::record("truncate", path, std::to_string(size));
    });
}

} // namespace

extern "C" {

ssize_t read(int fd, void* into, size_t size) {
    static const auto real = pre::next<decltype(::read)>("read");
    return passed(call::read, fd, [&] { return real(fd, into, size); });
}

ssize_t readv(int fd, const iovec* parts, int count) {
    static const auto real = pre::next<decltype(::readv)>("readv");
    return passed(call::read, fd, [&] { return real(fd, parts, count); });
}

ssize_t pread(int fd, void* into, size_t size, off_t offset) {
    static const auto real = pre::next<decltype(::pread)>("pread");
    return passed(call::read, fd, [&] { return real(fd, into, size, offset); });
}

ssize_t pread64(int fd, void* into, size_t size, off64_t offset) {
    static const auto real = pre::next<decltype(::pread64)>("pread64");
    return passed(call::read, fd, [&] { return real(fd, into, size, offset); });
}

ssize_t write(int fd, const void* data, size_t size) {
    static const auto real = pre::next<decltype(::write)>("write");
    return write_with(fd, data, size, at_position, [&](size_t most) { return real(fd, data, most); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    static const auto real = pre::next<decltype(::pwrite)>("pwrite");
    return write_with(fd, data, size, offset, [&](size_t most) { return real(fd, data, most, offset); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
    static const auto real = pre::next<decltype(::pwrite64)>("pwrite64");
    return write_with(fd, data, size, offset, [&](size_t most) { return real(fd, data, most, offset); });
}

/// As one write of all parts, but for a write that is cut short: that is the first part alone.
ssize_t writev(int fd, const iovec* parts, int count) {
    static const auto real = pre::next<decltype(::writev)>("writev");
    if (pre::idle() || pre::path_of(fd).empty()) return real(fd, parts, count);
    std::string all;
    for (int i = 0; i < count; ++i)
        all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    return write_with(fd, all.data(), all.size(), at_position,
                      [&](size_t most) { return real(fd, parts, most < all.size() ? 1 : count); });
}

int fsync(int fd) {
    static const auto real = pre::next<decltype(::fsync)>("fsync");
    return sync_with(call::fsync, fd, [&] { return real(fd); });
}

int fdatasync(int fd) {
    static const auto real = pre::next<decltype(::fdatasync)>("fdatasync");
    return sync_with(call::fdatasync, fd, [&] { return real(fd); });
}

int syncfs(int fd) noexcept {
    static const auto real = pre::next<int(int)>("syncfs");
    return sync_with(call::syncfs, fd, [&] { return real(fd); });
}

int ftruncate(int fd, off_t size) noexcept {
    static const auto real = pre::next<int(int, off_t)>("ftruncate");
    return truncate_with(fd, size, [&] { return real(fd, size); });
}

int ftruncate64(int fd, off64_t size) noexcept {
    static const auto real = pre::next<int(int, off64_t)>("ftruncate64");
    return truncate_with(fd, size, [&] { return real(fd, size); });
}

int posix_fallocate(int fd, off_t offset, off_t size) {
    static const auto real = pre::next<decltype(::posix_fallocate)>("posix_fallocate");
    // It returns its error instead of setting errno.
    const int error = pre::idle() ? 0 : pre::meet(call::allocate, pre::path_of(fd));
    return error != 0 ? error : real(fd, offset, size);
}

int fstat(int fd, struct stat* found) noexcept {
    static const auto real = pre::next<int(int, struct stat*)>("fstat");
    return passed(call::fstat, fd, [&] { return real(fd, found); });
}

int fstat64(int fd, struct stat64* found) noexcept {
    static const auto real = pre::next<int(int, struct stat64*)>("fstat64");
    return passed(call::fstat, fd, [&] { return real(fd, found); });
}

int fchmod(int fd, mode_t mode) noexcept {
    static const auto real = pre::next<int(int, mode_t)>("fchmod");
    return passed(call::chmod, fd, [&] { return real(fd, mode); });
}

int fchown(int fd, uid_t user, gid_t group) noexcept {
    static const auto real = pre::next<int(int, uid_t, gid_t)>("fchown");
    return passed(call::chown, fd, [&] { return real(fd, user, group); });
}

int futimens(int fd, const timespec times[2]) noexcept {
    static const auto real = pre::next<int(int, const timespec*)>("futimens");
    return passed(call::utimens, fd, [&] { return real(fd, times); });
}

int fstatfs(int fd, struct statfs* found) noexcept {
    static const auto real = pre::next<int(int, struct statfs*)>("fstatfs");
    const int done = passed(call::statfs, fd, [&] { return real(fd, found); });
    if (done == 0) pre::play_share(pre::path_of(fd), found);
    return done;
}

int flock(int fd, int operation) noexcept {
    static const auto real = pre::next<int(int, int)>("flock");
    return passed(call::flock, fd, [&] { return real(fd, operation); });
}

int close(int fd) {
    static const auto real = pre::next<decltype(::close)>("close");
    if (pre::idle()) return real(fd);
    const auto path = pre::path_of(fd);
    const int done = real(fd); // Linux closes it whatever it says
    if (const int error = pre::meet(call::close, path); error != 0) {
        errno = error;
        return -1;
    }
    return done;
}

static int lock_or_other(const char* name, int fd, int command, void* argument) {
    static const auto plain = pre::next<int(int, int, ...)>("fcntl");
    static const auto large = pre::next<int(int, int, ...)>("fcntl64");
    const auto real = std::strcmp(name, "fcntl") == 0 ? plain : large;
    if (pre::idle() || (command != F_SETLK && command != F_SETLKW)) return real(fd, command, argument);
    // Giving a lock back does not fail, and SQLite does not expect it to.
    if (static_cast<const struct flock*>(argument)->l_type == F_UNLCK) return real(fd, command, argument);
    return pre::pass(call::lock, pre::path_of(fd), [&] { return real(fd, command, argument); });
}

int fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    return lock_or_other("fcntl", fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    return lock_or_other("fcntl64", fd, command, argument);
}

void* mmap64(void* at, size_t size, int protection, int flags, int fd, off64_t offset) noexcept {
    static const auto real = pre::next<void*(void*, size_t, int, int, int, off64_t)>("mmap64");
    if (fd < 0 || pre::idle()) return real(at, size, protection, flags, fd, offset);
    if (const int error = pre::meet(call::map, pre::path_of(fd)); error != 0) {
        errno = error;
        return MAP_FAILED;
    }
    return real(at, size, protection, flags, fd, offset);
}

DIR* fdopendir(int fd) {
    static const auto real = pre::next<decltype(::fdopendir)>("fdopendir");
    if (const int error = pre::idle() ? 0 : pre::meet(call::opendir, pre::path_of(fd)); error != 0) {
        errno = error;
        return nullptr;
    }
    return real(fd);
}

dirent* readdir(DIR* stream) {
    static const auto real = pre::next<decltype(::readdir)>("readdir");
    if (const int error = pre::idle() ? 0 : pre::meet(call::readdir, pre::path_of(::dirfd(stream))); error != 0) {
        errno = error;
        return nullptr;
    }
    return real(stream);
}
}
