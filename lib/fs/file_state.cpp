#include "fs/file_state.hpp"

#include "fs/sha256.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <span>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kyc::fs::intake {

namespace {

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

file_state read_state(const struct stat& info, std::string name) {
    file_state state;
    state.name = std::move(name);
    state.kind = S_ISREG(info.st_mode)   ? file_kind::regular
                 : S_ISDIR(info.st_mode) ? file_kind::folder
                                         : file_kind::other;
    state.size = static_cast<std::uint64_t>(info.st_size);
    state.inode = info.st_ino;
    state.links = S_ISREG(info.st_mode) ? info.st_nlink : 1;
    state.mtime = nanoseconds(info.st_mtim);
    state.ctime = nanoseconds(info.st_ctim);
    return state;
}

/// A regular file opened for reading, or why not.
struct opened_file {
    read_outcome outcome = read_outcome::read;
    unique_fd fd;
};

result<opened_file> open_regular(int folder, const std::string& name) {
    opened_file opened;
    opened.fd = unique_fd(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!opened.fd) {
        switch (errno) {
        case ENOENT:
            opened.outcome = read_outcome::gone;
            return opened;
        case ELOOP:
        case ENXIO:
            opened.outcome = read_outcome::not_regular;
            return opened;
        case EACCES:
        case EPERM:
            opened.outcome = read_outcome::unreadable;
            return opened;
        default:
            return last_fault(errno, "open " + name);
        }
    }
    auto state = state_of(opened.fd.get());
    if (state.has_error()) return state.error();
    if (state->kind != file_kind::regular || state->links > 1) opened.outcome = read_outcome::not_regular;
    return opened;
}

/// Feeds the file's bytes to `take` until it returns false or the file ends.
template<class Take>
result<void> read_pieces(int fd, const std::string& name, Take take) {
    std::array<std::byte, 65536> piece;
    for (;;) {
        const auto got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return last_fault(errno, "read " + name);
        if (got == 0 || !take(std::span<const std::byte>(piece.data(), static_cast<std::size_t>(got)))) return {};
    }
}

void mix(std::uint64_t& hash, std::string_view bytes) {
    for (const char c : bytes)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
}

void mix(std::uint64_t& hash, std::uint64_t number) {
    for (int i = 0; i < 8; ++i)
        hash = (hash ^ ((number >> (i * 8)) & 0xFFu)) * 1099511628211ull;
}

} // namespace

result<std::optional<file_state>> state_of(int folder, const std::string& name) {
    struct stat info {};

    if (::fstatat(folder, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return std::optional<file_state>();
        return last_fault(errno, "stat " + name);
    }
    return std::optional<file_state>(read_state(info, name));
}

result<file_state> state_of(int fd) {
    struct stat info {};

    if (::fstat(fd, &info) != 0) return last_fault(errno, "stat an open file of the inbox");
    return read_state(info, {});
}

unique_fd open_folder(int parent, const char* name) {
    return unique_fd(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool is_about_permissions(const std::error_code& code) {
    return code == std::errc::permission_denied || code == std::errc::operation_not_permitted;
}

bool is_no_folder(const std::error_code& code) {
    return code == std::errc::not_a_directory || code == std::errc::too_many_symbolic_link_levels;
}

result<void> for_each_name(int folder, const std::function<void(const char*, unsigned char)>& visit) {
    // A descriptor of its own, so that each reading starts at the beginning.
    const int own = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0) return last_fault(errno, "open a folder of the inbox");
    const std::unique_ptr<DIR, int (*)(DIR*)> names(::fdopendir(own), &::closedir);
    if (!names) {
        const int error = errno;
        ::close(own);
        return last_fault(error, "read a folder of the inbox");
    }
    for (;;) {
        errno = 0;
        const dirent* next = ::readdir(names.get());
        if (!next && errno != 0) return last_fault(errno, "read a folder of the inbox");
        if (!next) return {};
        const std::string_view name(next->d_name);
        if (name != "." && name != "..") visit(next->d_name, next->d_type);
    }
}

std::uint64_t fingerprint(const std::vector<file_state>& files, bool with_ctime) {
    std::uint64_t hash = 14695981039346656037ull;
    for (const auto& file : files) {
        if (file.name.starts_with('.')) continue;
        mix(hash, file.name);
        mix(hash, static_cast<std::uint64_t>(file.kind));
        mix(hash, file.size);
        mix(hash, static_cast<std::uint64_t>(file.mtime));
        if (with_ctime) mix(hash, static_cast<std::uint64_t>(file.ctime));
    }
    return hash;
}

result<bool> is_being_written(int folder, const std::string& name) {
    auto opened = open_regular(folder, name);
    if (opened.has_error()) return opened.error();
    if (opened->outcome != read_outcome::read) return false;
    const int fd = opened->fd.get();
    // A writer that opens the file while the lease stands makes the kernel signal us: SIGIO by default, which would end
    // the process. SIGURG is ignored by default.
    if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return false;
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

result<file_text> read_text(int folder, const std::string& name, std::size_t limit) {
    auto opened = open_regular(folder, name);
    if (opened.has_error()) return opened.error();
    file_text file;
    file.outcome = opened->outcome;
    if (file.outcome != read_outcome::read) return file;
    auto done = read_pieces(opened->fd.get(), name, [&](std::span<const std::byte> piece) {
        file.text.append(reinterpret_cast<const char*>(piece.data()), std::min(piece.size(), limit - file.text.size()));
        return file.text.size() < limit;
    });
    if (done.has_error()) return done.error();
    return file;
}

result<file_text> hash_file(int folder, const std::string& name) {
    auto opened = open_regular(folder, name);
    if (opened.has_error()) return opened.error();
    file_text file;
    file.outcome = opened->outcome;
    if (file.outcome != read_outcome::read) return file;
    sha256_stream hash;
    auto done = read_pieces(opened->fd.get(), name, [&](std::span<const std::byte> piece) {
        hash.update(piece);
        return true;
    });
    if (done.has_error()) return done.error();
    file.text = hash.finish();
    return file;
}

} // namespace kyc::fs::intake
