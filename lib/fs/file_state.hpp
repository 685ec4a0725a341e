#pragma once
// What the inbox's reader asks of single files: their state, whether somebody still writes, a bounded read.
// Everything is relative to an open folder and follows no link.

#include "core/result.hpp"
#include "fs/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace kyc::fs::intake {

enum class file_kind { regular, folder, other };

/// A name and what fstatat says about it. Times in nanoseconds since the epoch, by the file system's clock.
struct file_state {
    std::string name;
    file_kind kind = file_kind::other;
    std::uint64_t size = 0;
    std::uint64_t inode = 0;
    std::uint64_t links = 1; ///< how many names the file has; a folder counts as one
    std::int64_t mtime = 0;
    std::int64_t ctime = 0;
};

/// The state of `name` in `folder`; none if there is no such name.
[[nodiscard]] result<std::optional<file_state>> state_of(int folder, const std::string& name);

/// The state of an open file or folder.
[[nodiscard]] result<file_state> state_of(int fd);

/// Opens a folder that is no link. -1 with errno set when that fails.
[[nodiscard]] unique_fd open_folder(int parent, const char* name);

/// Whether it is about the permissions of one file or folder, and so says nothing about the disk or what else is there.
[[nodiscard]] bool is_about_permissions(const std::error_code& code);

/// Whether it is a link or a file that stands where a folder belongs.
[[nodiscard]] bool is_no_folder(const std::error_code& code);

/// Calls `visit(name, d_type)` for each name but "." and "..".
[[nodiscard]] result<void> for_each_name(int folder, const std::function<void(const char*, unsigned char)>& visit);

/// A number that differs when names, kinds, sizes or mtimes differ (and ctimes, where those can be relied on).
/// Dot files do not count: file managers and servers touch them at will.
[[nodiscard]] std::uint64_t fingerprint(const std::vector<file_state>& files, bool with_ctime);

/// Whether some process has the file open for writing. False also when the kernel does not tell (a foreign file
/// without CAP_LEASE, a file system without leases, one that may not be read): then only settling protects.
[[nodiscard]] result<bool> is_being_written(int folder, const std::string& name);

/// A file with a second name elsewhere counts as not regular: it may be somebody's, and is never read.
enum class read_outcome { read, gone, not_regular, unreadable };

/// The first bytes of a file.
struct file_text {
    read_outcome outcome = read_outcome::read;
    std::string text;
};

/// Reads at most `limit` bytes of a regular file; never blocks on a FIFO.
[[nodiscard]] result<file_text> read_text(int folder, const std::string& name, std::size_t limit);

/// The SHA-256 of a regular file, in `text`.
[[nodiscard]] result<file_text> hash_file(int folder, const std::string& name);

} // namespace kyc::fs::intake
