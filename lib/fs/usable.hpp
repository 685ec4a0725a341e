#pragma once
// Whether cases could be taken and delivered now, as far as the folders show without writing to them.

#include "core/result.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <string>

namespace kyc::fs {

/// A fault when the spool's four folders are not all there (a mount is missing, or another spool's is in its place:
/// ESTALE), may not be written to, or have no room at all. `identity` is the spool's, as it was at the start. Its words
/// name folders of the layout only. Blocks; on a dead share for ever.
[[nodiscard]] result<void> check_spool_usable(const spool_layout& layout, const std::string& identity);

/// The same of one folder.
[[nodiscard]] result<void> check_folder_usable(const std::filesystem::path& path);

} // namespace kyc::fs
