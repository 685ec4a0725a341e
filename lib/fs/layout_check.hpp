#pragma once
// Whether the four folders can work together, and what the disks under them can do: at start and for `kycd check`.

#include "core/result.hpp"
#include "core/settings.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// Why these folders cannot be a spool: one inside another, two that are one folder (also through links and bind
/// mounts), a relative path, "/". Names both settings and what to do. Folders that do not exist yet are judged by their
/// paths. A fault: the disk did not say, which is no reason to call the configuration wrong.
[[nodiscard]] result<std::optional<std::string>> layout_objection(const folder_settings& folders);

/// What lies under a folder.
struct file_system_type {
    std::string name;     ///< "ext4"; "type 0x1234" when unknown
    bool network = false; ///< events of others do not arrive, and locks and renames are somebody else's promise
};

[[nodiscard]] result<file_system_type> file_system_of(const std::filesystem::path& path);

/// What `kycd check` says about one folder.
struct folder_probe {
    bool usable = false;                         ///< a file could be written, fsynced, renamed and removed
    std::string problem;                         ///< a sentence when it is not
    std::optional<file_system_type> file_system; ///< none when it could not be asked
};

/// Makes and removes a hidden file in the folder.
[[nodiscard]] folder_probe probe_folder(const std::filesystem::path& path);

/// The folders directly in `root`, of those whose names are `wanted`, that this process cannot look into and change: a
/// start fails at one, or its cases wait for ever. Links are passed over, as a start does. Changes nothing.
[[nodiscard]] std::vector<fault> closed_folders_in(const std::filesystem::path& root,
                                                   const std::function<bool(const std::string& name)>& wanted);

/// The folders directly in `root`, of those whose names are `wanted`, that are mounts of their own: no rename leads
/// into or out of them, be the root mounted apart or not. Links are passed over.
[[nodiscard]] std::vector<std::filesystem::path> mounts_in(const std::filesystem::path& root,
                                                           const std::function<bool(const std::string& name)>& wanted);

/// What stands at `place` instead of a folder, with what to do: a file, or a link, which is not followed. None: a
/// folder is there, or nothing, or it cannot be told.
[[nodiscard]] std::optional<fault> not_a_folder(const std::filesystem::path& place);

/// Whether a rename can lead from one folder into the other, by doing it with a hidden file. Two mounts of one file
/// system say no, as the kernel does.
[[nodiscard]] result<bool> can_rename_between(const std::filesystem::path& from, const std::filesystem::path& to);

} // namespace kyc::fs
