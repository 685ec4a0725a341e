#pragma once
// Whether the file of a ledger is whole: what the start asks before it writes, and whoever only looks.

#include <filesystem>

namespace kyc::ledger {

class database;

/// Throws sqlite_error for a file that is damaged. For quick_check a page that the disk did not give for a moment is
/// damage like any other. A ledger is worth a second look before it is set aside: only what can be read, and is wrong
/// again, is damaged.
void check_sound(database& opened, const std::filesystem::path& file);

/// Throws unless each byte of the file, and of the WAL beside it, can be read now; what is not there is fine.
void read_through(const std::filesystem::path& file);

} // namespace kyc::ledger
