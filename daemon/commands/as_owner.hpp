#pragma once
// Commands that change the spool do so as its owner.

#include <filesystem>
#include <string>

namespace kyc {

/// root becomes whom the folder belongs to: what it makes would otherwise be closed to the daemon, and a command needs
/// no more rights in the spool than the daemon has. Empty, or why it did not.
[[nodiscard]] std::string become_owner_of(const std::filesystem::path& folder);

} // namespace kyc
