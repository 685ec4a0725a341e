#pragma once
// Writing a file so that it is there as a whole or not at all, whatever stops the machine.

#include "core/result.hpp"
#include "fs/safe_open.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kyc::fs {

/// The name that `name` has while it is written.
[[nodiscard]] std::string temporary_name(const std::string& name);

/// Whether a name is one that temporary_name makes.
[[nodiscard]] bool is_temporary_name(std::string_view name);

/// Temporary file, fsync, rename over `name`, fsync of the folder.
[[nodiscard]] result<void> write_atomically(const folder& where, const std::string& name, std::string_view text,
                                            mode_t mode);

/// Whether what has the name already may be replaced; a link as such.
enum class replacing { allowed, forbidden };

/// The same without an fsync, for what is written again and again and is worth nothing after a crash of the machine:
/// readers see the old text or the new one, never a part. EEXIST when something has the name that may not be replaced.
[[nodiscard]] result<void> replace_file(const folder& where, const std::string& name, std::string_view text,
                                        mode_t mode, std::optional<unsigned> group,
                                        replacing over = replacing::allowed);

/// The text of a regular file, or a fault; EFBIG past `max_bytes`.
[[nodiscard]] result<std::string> read_text(const folder& where, const std::string& name, std::uint64_t max_bytes);

/// All of it, through short writes and signals; 0 or errno.
[[nodiscard]] int write_all(int fd, std::span<const std::byte> bytes);

/// As many bytes as fit or are left; -1 and errno on failure. Through signals.
[[nodiscard]] std::ptrdiff_t read_some(int fd, std::span<std::byte> into);

/// fsync of the folder: the names in it.
[[nodiscard]] result<void> sync(const folder& where);

} // namespace kyc::fs
