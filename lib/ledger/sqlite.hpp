#pragma once
// SQLite's C interface as values: a database, a statement, and errors as faults.

#include "core/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace kyc::ledger {

/// Thrown by the functions below; caught at the ledger's edge and turned into a fault.
class sqlite_error : public std::runtime_error {
  public:
    sqlite_error(int code_, const std::string& what_) : std::runtime_error(what_), code(code_) {}

    int code; ///< SQLite's extended result code

    /// The file is not a database, or a damaged one: it can only be set aside.
    [[nodiscard]] bool is_damage() const;

    /// As the system's trouble: ENOSPC for a full disk, EROFS, EIO and so on, as near as SQLite tells.
    [[nodiscard]] fault as_fault() const;
};

/// A prepared statement. Columns and parameters by position: parameters from 1, columns from 0, as in SQLite.
class statement {
  public:
    statement(sqlite3* database, std::string_view sql);

    statement& bind(int index, std::string_view value);
    statement& bind(int index, std::int64_t value);

    /// True while there is a row.
    bool step();

    /// Runs to the end and makes it ready for the next use.
    void run();

    void reset();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;

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
    /// Opens or creates the file, mode 0600.
    explicit database(const std::filesystem::path& file);

    void execute(const char* sql);

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

  private:
    struct closer {
        void operator()(sqlite3* handle) const;
    };

    std::unique_ptr<sqlite3, closer> handle_;
};

} // namespace kyc::ledger
