#pragma once
// Which file systems neither deliver events nor share our clock.

#include "core/result.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kyc::fs::intake {

/// The type's name ("nfs", "smb", "fuse", …) when other machines may change files there; none for a local one.
[[nodiscard]] result<std::optional<std::string>> network_type(const std::filesystem::path& folder);
[[nodiscard]] std::optional<std::string> network_type(int fd);

} // namespace kyc::fs::intake
