#pragma once
// Opening, listing and renaming relative to open folders, so that no link that a producer plants is ever followed.

#include "core/result.hpp"
#include "fs/unique_fd.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

namespace kyc::fs {

/// An open folder; the path is for messages only.
struct folder {
    unique_fd fd;
    std::filesystem::path path;

    [[nodiscard]] int get() const { return fd.get(); }

    /// "rename /spool/inbox/x: No such file or directory"
    [[nodiscard]] fault trouble_with(int errno_value, std::string_view operation, const std::string& name = {}) const;
};

/// By its full path. Links on the way are the administrator's and are followed.
[[nodiscard]] result<folder> open_folder(const std::filesystem::path& path);

/// Beneath an open folder; `relative` may have several components, none of which may be a link (ELOOP) or lead out
/// (EXDEV).
[[nodiscard]] result<folder> open_folder_in(const folder& parent, const std::string& relative);

/// The same for anything, with the flags of open(2). A FIFO is never waited for. Close-on-exec.
[[nodiscard]] result<unique_fd> open_beneath(const folder& parent, const std::string& relative, int flags,
                                             mode_t mode = 0);

/// What open_beneath does where the kernel or a seccomp filter refuses openat2: one O_NOFOLLOW openat per component.
[[nodiscard]] result<unique_fd> open_beneath_stepwise(const folder& parent, const std::string& relative, int flags,
                                                      mode_t mode = 0);

/// Makes `name` in `parent` if it is missing and opens it. `created`, if given, says which it was.
[[nodiscard]] result<folder> make_folder_in(const folder& parent, const std::string& name, mode_t mode,
                                            bool* created = nullptr);

/// All names but "." and "..", sorted.
[[nodiscard]] result<std::vector<std::string>> list_names(const folder& where);

/// lstat; none when there is nothing of that name.
[[nodiscard]] result<std::optional<struct stat>> stat_in(const folder& where, const std::string& name);

/// A file's time, by the file system's clock.
[[nodiscard]] std::chrono::system_clock::time_point time_of(const timespec& time);

/// Whether an errno says that the name is not there.
[[nodiscard]] bool is_absent(const fault& error);

/// renameat2(RENAME_NOREPLACE); 0 or errno (EEXIST when the target is there). Where the file system has no such rename,
/// rename_over_placeholder.
[[nodiscard]] int rename_no_replace(const folder& from, const std::string& name, const folder& to,
                                    const std::string& new_name);

/// Takes the target's name with an empty file or folder (which fails if it is there) and renames over that.
[[nodiscard]] int rename_over_placeholder(const folder& from, const std::string& name, const folder& to,
                                          const std::string& new_name);

} // namespace kyc::fs
