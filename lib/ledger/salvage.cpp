#include "ledger/salvage.hpp"

#include "ledger/sqlite.hpp"

#include <sqlite3.h>

#include <string>

namespace kyc::ledger {

namespace {

struct table {
    const char* name;
    const char* key;
    const char* key_backwards;
};

// The cases first: what belongs to none is thrown away at the end.
constexpr table tables[] = {
    {"kyc_case", "id", "id DESC"},
    {"attempt", "case_id, number", "case_id DESC, number DESC"},
    {"image", "sha256, case_id", "sha256 DESC, case_id DESC"},
    {"event", "id", "id DESC"},
    {"answer", "case_id", "case_id DESC"},
    {"ticket", "id", "id DESC"},
    {"ticket_case", "ticket_id, number", "ticket_id DESC, number DESC"},
};

/// Copies rows until the end or until a page cannot be read; a row that is not accepted is passed over.
void copy_rows(database& from, database& into, const table& which, const char* order) {
    statement rows(from.handle(), std::string("SELECT * FROM ") + which.name + " ORDER BY " + order);
    const int columns = sqlite3_column_count(rows.handle());
    // By name: the damaged file may be of an older schema, with fewer of them.
    std::string names;
    std::string values;
    for (int i = 1; i <= columns; ++i) {
        const std::string comma = i == 1 ? "" : ", ";
        names += comma + sqlite3_column_name(rows.handle(), i - 1);
        values += comma + '?' + std::to_string(i);
    }
    statement copy(into.handle(),
                   std::string("INSERT OR IGNORE INTO ") + which.name + " (" + names + ") VALUES (" + values + ")");
    while (rows.step()) {
        for (int i = 0; i < columns; ++i)
            sqlite3_bind_value(copy.handle(), i + 1, sqlite3_column_value(rows.handle(), i));
        try {
            copy.run();
        } catch (const sqlite_error&) {
            copy.reset();
        }
    }
}

std::size_t count_cases(database& in) {
    statement query(in.handle(), "SELECT count(*) FROM kyc_case");
    return query.step() ? static_cast<std::size_t>(query.number(0)) : 0;
}

} // namespace

std::size_t salvage(const std::filesystem::path& damaged, database& into) noexcept {
    try {
        into.execute("PRAGMA foreign_keys=OFF");
        into.execute("BEGIN IMMEDIATE");
        database from(damaged);
        for (const auto& each : tables) {
            for (const auto* order : {each.key, each.key_backwards}) {
                try {
                    copy_rows(from, into, each, order);
                } catch (const sqlite_error&) {
                    // From here on this direction gives nothing; the other one may.
                }
            }
        }
        for (const auto* owned : {"attempt", "image", "event", "answer"})
            into.execute(
                (std::string("DELETE FROM ") + owned + " WHERE case_id NOT IN (SELECT id FROM kyc_case)").c_str());
        into.execute("DELETE FROM ticket_case WHERE ticket_id NOT IN (SELECT id FROM ticket)");
        into.execute("COMMIT");
        into.execute("PRAGMA foreign_keys=ON");
        return count_cases(into);
    } catch (const std::exception&) {
        try {
            into.execute("ROLLBACK");
        } catch (const sqlite_error&) {
        }
        try {
            into.execute("PRAGMA foreign_keys=ON");
        } catch (const sqlite_error&) {
        }
        return 0;
    }
}

} // namespace kyc::ledger
