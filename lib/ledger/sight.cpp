#include "ledger/sight.hpp"

#include "ledger/rows.hpp"
#include "ledger/schema.hpp"
#include "ledger/soundness.hpp"
#include "ledger/sqlite.hpp"

#include <cerrno>
#include <sys/stat.h>

namespace kyc::ledger {

namespace {

bool is_new(const std::filesystem::path& file) {
    struct stat found {};

    if (::stat(file.c_str(), &found) != 0) return errno == ENOENT || errno == ENOTDIR;
    return S_ISREG(found.st_mode) && found.st_size == 0 && !wal_size(file);
}

/// Throws sqlite_error.
ledger_sight look(const std::filesystem::path& file) {
    const auto ways = ways_to_read(file);
    for (std::size_t i = 0;; ++i) {
        try {
            database opened(file, ways[i]);
            check_sound(opened, file);
            refuse_newer_schema(opened);
            ledger_sight seen;
            if (schema_of(opened) > 0) seen.spool = read_about(opened, "spool");
            return seen;
        } catch (const sqlite_error& error) {
            if (error.is_damage() || error.code == sqlite_error::newer_schema || i + 1 == ways.size()) throw;
        }
    }
}

} // namespace

result<ledger_sight> look_at_ledger(const std::filesystem::path& file) {
    if (is_new(file)) return ledger_sight{};
    try {
        try {
            return look(file);
        } catch (const sqlite_error& error) {
            if (!error.is_damage()) throw;
        }
        // As open_ledger(): only what is wrong twice is damaged. Nor is a file that a daemon has begun to write since.
        read_through(file);
        return look(file);
    } catch (const sqlite_error& error) {
        if (!error.is_damage()) return error.as_fault();
        ledger_sight seen;
        seen.damage = error.what();
        return seen;
    }
}

} // namespace kyc::ledger
