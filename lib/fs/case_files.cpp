#include "fs/case_files.hpp"

#include "fs/atomic_file.hpp"
#include "fs/case_open.hpp"
#include "fs/sha256.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <unistd.h>

namespace kyc::fs {

namespace {

failure intake_failure(failure_code code, const std::string& name, const std::string& finding) {
    return {stage::intake, code, name + ' ' + finding};
}

std::string kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "is a folder";
    if (S_ISLNK(mode)) return "is a link, and links are never followed";
    if (S_ISFIFO(mode)) return "is a named pipe";
    if (S_ISSOCK(mode)) return "is a socket";
    return "is a device";
}

/// What a refused open says about the file.
trouble open_trouble(const folder& where, const fault& error, const std::string& name) {
    switch (error.code.value()) {
    case ENOENT:
    case ENAMETOOLONG:
        return intake_failure(failure_code::file_unreadable, name, "is not there");
    case EACCES:
    case EPERM:
        // Refused although the file's own permissions allow it: that is no fault of the case.
        if (::faccessat(where.get(), name.c_str(), R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0) return error;
        return intake_failure(failure_code::file_unreadable, name,
                              "may not be read: give kycd's user the permission to read it");
    case ELOOP:
    case EXDEV:
        return intake_failure(failure_code::not_a_regular_file, name,
                              "leads through a link or out of the case's folder");
    case ENOTDIR:
    case ENXIO:
    case ENODEV:
    case EINVAL:
        return intake_failure(failure_code::not_a_regular_file, name, "is not a regular file of this case");
    default:
        return error;
    }
}

failure linked(const std::string& name, std::uint64_t names) {
    auto why =
        intake_failure(failure_code::not_a_regular_file, name,
                       "has " + std::to_string(names) + " names (hard links), so it may be a file from elsewhere");
    why.advice = std::string(hard_link_advice);
    return why;
}

bool same_moment(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// Looks before opening: opening a device can do something.
result<unique_fd, trouble> open_regular(const folder& where, const std::string& name, struct stat& found) {
    if (name.find('\0') == std::string::npos &&
        ::fstatat(where.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(found.st_mode))
        return trouble{intake_failure(failure_code::not_a_regular_file, name, kind_of(found.st_mode))};
    auto file = open_beneath(where, name, O_RDONLY);
    if (!file) return open_trouble(where, file.error(), name);
    if (::fstat(file->get(), &found) != 0) return trouble{where.trouble_with(errno, "look at", name)};
    if (!S_ISREG(found.st_mode))
        return trouble{intake_failure(failure_code::not_a_regular_file, name, kind_of(found.st_mode))};
    if (found.st_nlink > 1) return trouble{linked(name, found.st_nlink)};
    return std::move(*file);
}

failure too_large(const std::string& name, std::uint64_t bytes, std::uint64_t max_bytes) {
    return {stage::prepare, failure_code::file_too_large,
            name + " has " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_bytes) + " are allowed"};
}

} // namespace

result<std::vector<std::string>> list_case(const claimed_case& which) {
    const auto where = open_case(which);
    if (!where) return where.error();
    auto names = list_names(*where);
    if (names) std::erase_if(*names, is_own_name);
    return names;
}

result<file_bytes, trouble> read_case_file(const claimed_case& which, const std::string& name, std::uint64_t max_bytes,
                                           page_stock& pages) {
    const auto where = open_case(which);
    if (!where) return trouble{where.error()};

    struct stat before {};

    const auto file = open_regular(*where, name, before);
    if (!file) return file.error();
    const auto size = static_cast<std::uint64_t>(before.st_size);
    if (size > max_bytes) return trouble{too_large(name, size, max_bytes)};

    file_bytes read;
    // One more than it should have: a file that has grown shows itself.
    read.bytes = pages.take(static_cast<std::size_t>(size) + 1);
    std::size_t filled = 0;
    while (filled < read.bytes.size()) {
        const auto count = read_some(file->get(), read.bytes.bytes().subspan(filled));
        if (count < 0) return trouble{where->trouble_with(errno, "read", name)};
        if (count == 0) break;
        filled += static_cast<std::size_t>(count);
    }

    struct stat after {};

    if (::fstat(file->get(), &after) != 0) return trouble{where->trouble_with(errno, "look at", name)};
    if (filled != size || after.st_size != before.st_size || !same_moment(after.st_mtim, before.st_mtim))
        return trouble{intake_failure(failure_code::file_changed, name, "was written to while kycd read it")};
    read.bytes.shrink(filled);
    read.sha256 = sha256_hex(std::as_const(read.bytes).bytes());
    return read;
}

std::uint64_t size_of(const claimed_case& which, const std::vector<std::string>& names) {
    constexpr auto unknown = std::numeric_limits<std::uint64_t>::max();
    const auto where = open_case(which);
    if (!where) return unknown;
    std::uint64_t sum = 0;
    for (const auto& name : names) {
        struct stat found {};

        const auto file = open_regular(*where, name, found);
        if (!file && std::holds_alternative<fault>(file.error())) return unknown;
        if (file) sum += static_cast<std::uint64_t>(found.st_size);
    }
    return sum;
}

} // namespace kyc::fs
