#pragma once
// What is done to a case's folder with everything in it: copy, remove, set who may read it. Links are never followed.

#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/safe_open.hpp"

#include <optional>
#include <string>

namespace kyc::fs {

/// 0700, or 2770 with a group.
[[nodiscard]] mode_t folder_mode(const access_rules& access);

/// 0600, or 0660 with a group.
[[nodiscard]] mode_t file_mode(const access_rules& access);

/// Gives an open folder or file its mode and group; 0 or errno. EPERM is for the caller to judge.
[[nodiscard]] int set_access(int fd, mode_t mode, const access_rules& access);

/// Sets mode and group of a folder, and of the regular files and folders in it, as far as permitted: what a producer
/// still owns keeps its own. A file with a second name elsewhere is left alone, for it may be somebody's.
[[nodiscard]] result<void> set_access_below(const folder& parent, const std::string& name, const access_rules& access);

/// Copies a folder: regular files (hashed while read, fsynced, read back and compared) and folders, links as links.
/// FIFOs, sockets and devices are dropped, and whatever lies deeper than 64 folders. Every folder is fsynced, `to` not.
/// What was there as `new_name` is removed first.
[[nodiscard]] result<void> copy_tree(const folder& from, const std::string& name, const folder& to,
                                     const std::string& new_name, const access_rules& access);

/// The first file or folder in there that its own permissions keep from being copied, relative to it; "." for itself.
[[nodiscard]] result<std::optional<std::string>> find_unreadable(const folder& parent, const std::string& name);

/// Writes a folder to the disk: the bytes of the regular files in it, then their names, not deeper than 64 folders.
/// What kycd may not open was not made readable to it, and so is never sent: it is passed over.
[[nodiscard]] result<void> sync_tree(const folder& where);

/// Removes a file or a folder with everything in it; nothing there is success.
[[nodiscard]] result<void> remove_tree(const folder& parent, const std::string& name);

} // namespace kyc::fs
