#pragma once
// SQLite's C interface as values: a database, a statement, and errors as faults.

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace kyc::ledger {

/// Thrown by the functions below; caught at the ledger's edge and turned into a fault.
class sqlite_error : public std::runtime_error {
  public:
    /// An extended code of ours of SQLITE_SCHEMA: a newer kycd has written the file, and `what` says what to do.
    static constexpr int newer_schema = 17 | (255 << 8);

    sqlite_error(int code_, const std::string& what_) : std::runtime_error(what_), code(code_) {}

    int code; ///< SQLite's extended result code

    /// The file is not a database, or a damaged one: it can only be set aside.
    [[nodiscard]] bool is_damage() const;

    /// As the system's trouble: ENOSPC for a full disk, EROFS, EIO and so on, as near as SQLite tells; ENOTRECOVERABLE
    /// for a damaged file, ENOTSUP for one that a newer kycd has written.
    [[nodiscard]] fault as_fault() const;
};

/// A prepared statement. Columns and parameters by position: parameters from 1, columns from 0, as in SQLite.
class statement {
  public:
    statement(sqlite3* database, std::string_view sql);

    statement& bind(int index, std::string_view value);
    statement& bind(int index, std::int64_t value);
    statement& bind(int index, const std::optional<std::int64_t>& value); ///< none: NULL
    statement& bind_blob(int index, std::string_view bytes);

    /// True while there is a row.
    bool step();

    /// Runs to the end and makes it ready for the next use.
    void run();

    void reset();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t number(int column) const; ///< 0 for NULL
    [[nodiscard]] std::optional<std::int64_t> number_or_null(int column) const;

    [[nodiscard]] sqlite3_stmt* handle() const { return handle_.get(); }

  private:
    struct finalizer {
        void operator()(sqlite3_stmt* handle) const;
    };

    sqlite3* database_;
    std::unique_ptr<sqlite3_stmt, finalizer> handle_;
};

/// A connection. Used by one thread at a time.
class database {
  public:
    enum class opening {
        write,     ///< makes the file when it is missing
        read,      ///< never changes it; sees what another connection commits
        immutable, ///< as it lies there, without asking for a WAL or a lock: for a file that nobody writes
    };

    explicit database(const std::filesystem::path& file, opening how = opening::write);

    void execute(const char* sql);

    /// Rows that the last INSERT, UPDATE or DELETE changed.
    [[nodiscard]] int changes() const;

    /// The INTEGER PRIMARY KEY of the row that the last INSERT has made.
    [[nodiscard]] std::int64_t last_id() const;

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  private:
    struct closer {
        void operator()(sqlite3* handle) const;
    };

    std::unique_ptr<sqlite3, closer> handle_;
};

/// Bytes in the WAL beside the ledger; none when there is no WAL.
[[nodiscard]] std::optional<std::uint64_t> wal_size(const std::filesystem::path& file);

/// How to open a ledger for reading, what is best first. Without a WAL nobody writes and everything is in the file.
/// Opened as a database with a WAL it would get one, which needs space and permission, and which a command that only
/// reads cannot remove again.
[[nodiscard]] std::vector<database::opening> ways_to_read(const std::filesystem::path& file);

} // namespace kyc::ledger
