#pragma once
// The tables of the ledger and how an older file is lifted to them.

#include <cstdint>

namespace kyc::ledger {

class database;

/// The version that this program writes: PRAGMA user_version.
[[nodiscard]] std::int64_t newest_schema();

/// The version of an open file; 0 for a new one.
[[nodiscard]] std::int64_t schema_of(database& file);

/// Throws sqlite_error for a file that a newer kycd has written: it says what to do.
void refuse_newer_schema(database& file);

/// Lifts the file to the newest version, each step in a transaction of its own.
void migrate(database& file);

} // namespace kyc::ledger
