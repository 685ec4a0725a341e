#include "fs/import_source.hpp"

#include "core/plain_text.hpp"
#include "core/units.hpp"
#include "fs/atomic_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <span>

namespace kyc::fs {

namespace {

/// What follows a path in a sentence when opening or reading it ended so; none: it is no single file's trouble.
std::optional<unfit_file> objection_for(int error, const std::string& path) {
    const auto name = printable(path);
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return unfit_file(
            unfit::missing,
            name + " is not there" +
                (path.find('\\') == std::string::npos ? "" : "; folders in a path are parted by /, not by \\"));
    case EACCES:
    case EPERM:
        return unfit_file(unfit::unreadable, name + " may not be read");
    case ELOOP:
    case EXDEV:
        return unfit_file(unfit::outside, name + " leads through a link");
    case EINVAL:
    case ENXIO:
    case ENODEV:
        return unfit_file(unfit::not_regular, name + " is not a regular file");
    case EIO:
        return unfit_file(unfit::unreadable, name + " cannot be read: " + std::system_category().message(error));
    default:
        return std::nullopt;
    }
}

source_trouble trouble_for(int error, const std::string& path) {
    if (auto why = objection_for(error, path)) return std::move(*why);
    return last_fault(error, "read " + path);
}

unfit_file changed(const source_file& from) {
    return {unfit::changed, printable(from.name) + " was written to while it was read"};
}

/// Whether a copy in the kernel is not to be had between these two files.
bool is_not_offered(int error) {
    constexpr std::array errors{EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, ETXTBSY};
    return std::find(errors.begin(), errors.end(), error) != errors.end();
}

/// The rest by reading and writing, from where both files stand.
result<std::uint64_t, source_trouble> copy_by_hand(const source_file& from, int into) {
    std::vector<std::byte> buffer(std::size_t{256} << 10);
    std::uint64_t copied = 0;
    while (copied <= from.bytes) {
        const auto got = read_some(from.fd.get(), buffer);
        if (got < 0) return trouble_for(errno, from.name);
        if (got == 0) break;
        const auto bytes = std::span(buffer).first(static_cast<std::size_t>(got));
        if (const int error = write_all(into, bytes); error != 0)
            return source_trouble(last_fault(error, "write a copy of " + from.name));
        copied += bytes.size();
    }
    return copied;
}

result<void, source_trouble> check_unchanged(const source_file& from, std::uint64_t copied) {
    struct stat now {};

    if (::fstat(from.fd.get(), &now) != 0) return trouble_for(errno, from.name);
    const bool same = copied == from.bytes && now.st_size == from.seen.st_size &&
                      now.st_mtim.tv_sec == from.seen.st_mtim.tv_sec &&
                      now.st_mtim.tv_nsec == from.seen.st_mtim.tv_nsec;
    if (!same) return source_trouble(changed(from));
    return {};
}

bool has_dots(const std::filesystem::path& path) {
    return std::any_of(path.begin(), path.end(), [](const auto& part) { return part == ".."; });
}

} // namespace

result<std::string, unfit_file> path_beneath(const std::filesystem::path& root, const std::string& path) {
    const std::filesystem::path wanted(path);
    if (has_dots(wanted)) return unfit_file(unfit::outside, printable(path) + " has a part \"..\"");
    if (wanted.is_relative()) return wanted.lexically_normal().string();
    const auto beneath = wanted.lexically_normal().lexically_relative(root.lexically_normal());
    if (beneath.empty() || has_dots(beneath))
        return unfit_file(unfit::outside, printable(path) + " is not under " + printable(root.string()));
    return beneath.string();
}

result<source_file, source_trouble> open_source(const folder& root, const std::string& path, std::uint64_t most) {
    source_file opened;
    opened.name = path;
    // Looks before it opens: opening a device can do something. What leads through a link is for open_beneath to tell.
    if (path.find('\0') == std::string::npos &&
        ::fstatat(root.get(), path.c_str(), &opened.seen, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(opened.seen.st_mode) &&
        !S_ISLNK(opened.seen.st_mode))
        return source_trouble(unfit_file(unfit::not_regular, printable(path) + " is not a regular file"));
    auto fd = open_beneath(root, path, O_RDONLY);
    if (!fd) return trouble_for(fd.error().code.value(), path);
    opened.fd = std::move(*fd);
    if (::fstat(opened.fd.get(), &opened.seen) != 0) return trouble_for(errno, path);
    if (!S_ISREG(opened.seen.st_mode))
        return source_trouble(unfit_file(unfit::not_regular, printable(path) + " is not a regular file"));
    opened.bytes = static_cast<std::uint64_t>(opened.seen.st_size);
    if (opened.bytes == 0) return source_trouble(unfit_file(unfit::empty, printable(path) + " is empty"));
    if (opened.bytes > most)
        return source_trouble(unfit_file(unfit::too_large, printable(path) + " has " + format_size(opened.bytes) +
                                                               "; at most " + format_size(most) + " are allowed"));
    return opened;
}

result<std::vector<std::byte>, source_trouble> read_source(const source_file& from) {
    // One more than it should have: a file that has grown shows itself.
    std::vector<std::byte> bytes(static_cast<std::size_t>(from.bytes) + 1);
    std::size_t filled = 0;
    while (filled < bytes.size()) {
        const auto got = read_some(from.fd.get(), std::span(bytes).subspan(filled));
        if (got < 0) return trouble_for(errno, from.name);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    if (auto same = check_unchanged(from, filled); !same) return same.error();
    bytes.resize(filled);
    return bytes;
}

result<void, source_trouble> copy_source(const source_file& from, int into) {
    std::uint64_t copied = 0;
    // Where blocks can be shared (btrfs, XFS) the call does that by itself.
    while (copied < from.bytes) {
        const auto got =
            ::copy_file_range(from.fd.get(), nullptr, into, nullptr, static_cast<std::size_t>(from.bytes - copied), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && !is_not_offered(errno)) {
            // Whose trouble it is cannot be told from the number; reading tells.
            if (errno != EIO) return source_trouble(last_fault(errno, "write a copy of " + from.name));
            break;
        }
        if (got <= 0) break; // some file systems say 0 of files that they make up as they are read
        copied += static_cast<std::uint64_t>(got);
    }
    const auto rest = copy_by_hand(from, into);
    if (!rest) return rest.error();
    return check_unchanged(from, copied + *rest);
}

} // namespace kyc::fs

namespace kyc {

void throw_exception_from_error(const fs::unfit_file& error, const boost::source_location&) {
    throw std::logic_error("unchecked: " + error.why);
}

} // namespace kyc
