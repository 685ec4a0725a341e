#include "fs/atomic_file.hpp"

#include "core/fault_point.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace kyc::fs {

std::string temporary_name(const std::string& name) {
    return ".kycd." + name + ".tmp";
}

bool is_temporary_name(std::string_view name) {
    return name.starts_with(".kycd.") && name.ends_with(".tmp");
}

int write_all(int fd, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

std::ptrdiff_t read_some(int fd, std::span<std::byte> into) {
    for (;;) {
        const auto count = ::read(fd, into.data(), into.size());
        if (count >= 0 || errno != EINTR) return count;
    }
}

result<void> sync(const folder& where) {
    // EINVAL: some shares know no fsync of folders; what they do with names is theirs.
    if (::fsync(where.get()) != 0 && errno != EINVAL) return where.trouble_with(errno, "sync folder");
    return {};
}

result<void> write_atomically(const folder& where, const std::string& name, std::string_view text, mode_t mode) {
    const std::string temporary = temporary_name(name);
    const std::string of = where.path.filename().string(); // of a file in a case's folder: the case's name
    if (::unlinkat(where.get(), temporary.c_str(), 0) != 0 && errno != ENOENT)
        return where.trouble_with(errno, "remove the stale", temporary);
    auto file = open_beneath(where, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file) return file.error();

    int error = write_all(file->get(), std::as_bytes(std::span{text}));
    const char* operation = "write";
    // The umask has taken the group's bits; a file system without modes may refuse to give them back.
    if (error == 0 && ::fchmod(file->get(), mode) != 0 && errno != EPERM && errno != EOPNOTSUPP) error = errno;
    if (error == 0 && ::fsync(file->get()) != 0) {
        error = errno;
        operation = "sync";
    }
    file->reset();
    if (error == 0) fault_point("write.temporary_written", of);
    if (error == 0 && ::renameat(where.get(), temporary.c_str(), where.get(), name.c_str()) != 0) {
        error = errno;
        operation = "rename into place";
    }
    if (error != 0) {
        ::unlinkat(where.get(), temporary.c_str(), 0);
        return where.trouble_with(error, operation, name);
    }
    fault_point("write.renamed", of);
    if (auto done = sync(where); !done) return done.error();
    fault_point("write.synced", of);
    return {};
}

result<void> replace_file(const folder& where, const std::string& name, std::string_view text, mode_t mode,
                          std::optional<unsigned> group, replacing over) {
    const std::string temporary = temporary_name(name);
    if (::unlinkat(where.get(), temporary.c_str(), 0) != 0 && errno != ENOENT)
        return where.trouble_with(errno, "remove the stale", temporary);
    auto file = open_beneath(where, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file) return file.error();
    int error = write_all(file->get(), std::as_bytes(std::span{text}));
    // As in write_atomically; a group that may not be set keeps the mode to the owner.
    if (error == 0 && (!group || ::fchown(file->get(), static_cast<uid_t>(-1), *group) == 0))
        static_cast<void>(::fchmod(file->get(), mode));
    // Some file systems say only at the close that there was no room.
    if (const int fd = file->release(); ::close(fd) != 0 && error == 0 && errno != EINTR) error = errno;
    if (error == 0 && over == replacing::forbidden)
        error = rename_no_replace(where, temporary, where, name);
    else if (error == 0 && ::renameat(where.get(), temporary.c_str(), where.get(), name.c_str()) != 0)
        error = errno;
    if (error == 0) return {};
    ::unlinkat(where.get(), temporary.c_str(), 0);
    return where.trouble_with(error, "replace", name);
}

result<std::string> read_text(const folder& where, const std::string& name, std::uint64_t max_bytes) {
    const auto file = open_beneath(where, name, O_RDONLY);
    if (!file) return file.error();

    struct stat found {};

    if (::fstat(file->get(), &found) != 0) return where.trouble_with(errno, "look at", name);
    if (!S_ISREG(found.st_mode)) return where.trouble_with(EINVAL, "read what is not a regular file,", name);

    std::string text;
    std::array<std::byte, 64 << 10> buffer{};
    for (;;) {
        const auto count = read_some(file->get(), buffer);
        if (count < 0) return where.trouble_with(errno, "read", name);
        if (count == 0) return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(count));
        if (text.size() > max_bytes) return where.trouble_with(EFBIG, "read", name);
    }
}

} // namespace kyc::fs
