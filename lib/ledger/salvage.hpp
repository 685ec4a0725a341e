#pragma once
// What can still be read out of a damaged ledger.

#include <cstddef>
#include <filesystem>

namespace kyc::ledger {

class database;

/// Copies into the new, empty ledger whatever rows of the damaged file can be read, from both ends of each table.
/// Returns how many cases that were. Never throws: a file that gives nothing gives nothing.
std::size_t salvage(const std::filesystem::path& damaged, database& into) noexcept;

} // namespace kyc::ledger
