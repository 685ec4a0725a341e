#include "ledger/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <sys/stat.h>

namespace kyc::ledger {

namespace {

static_assert((sqlite_error::newer_schema & 0xff) == SQLITE_SCHEMA);

[[noreturn]] void fail(sqlite3* database, int code, const std::string& doing) {
    const int extended = database != nullptr ? sqlite3_extended_errcode(database) : code;
    const char* words = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    throw sqlite_error(extended, doing + ": " + words);
}

} // namespace

bool sqlite_error::is_damage() const {
    const int primary = code & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

fault sqlite_error::as_fault() const {
    if (is_damage()) return last_fault(ENOTRECOVERABLE, what());
    if (code == newer_schema) return last_fault(ENOTSUP, what());
    switch (code & 0xff) {
    case SQLITE_FULL:
        return last_fault(ENOSPC, what());
    case SQLITE_READONLY:
        return last_fault(EROFS, what());
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return last_fault(EACCES, what());
    case SQLITE_CANTOPEN:
        return last_fault(ENOENT, what());
    case SQLITE_NOMEM:
        return last_fault(ENOMEM, what());
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return last_fault(EBUSY, what());
    default:
        return last_fault(EIO, what());
    }
}

void statement::finalizer::operator()(sqlite3_stmt* handle) const {
    sqlite3_finalize(handle);
}

statement::statement(sqlite3* database, std::string_view sql) : database_(database) {
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &made, nullptr);
    handle_.reset(made);
    if (code != SQLITE_OK) fail(database, code, "ledger");
}

statement& statement::bind(int index, std::string_view value) {
    const int code =
        sqlite3_bind_text64(handle_.get(), index, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (code != SQLITE_OK) fail(database_, code, "ledger");
    return *this;
}

statement& statement::bind(int index, std::int64_t value) {
    const int code = sqlite3_bind_int64(handle_.get(), index, value);
    if (code != SQLITE_OK) fail(database_, code, "ledger");
    return *this;
}

statement& statement::bind(int index, const std::optional<std::int64_t>& value) {
    if (value) return bind(index, *value);
    const int code = sqlite3_bind_null(handle_.get(), index);
    if (code != SQLITE_OK) fail(database_, code, "ledger");
    return *this;
}

statement& statement::bind_blob(int index, std::string_view bytes) {
    const int code = sqlite3_bind_blob64(handle_.get(), index, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    if (code != SQLITE_OK) fail(database_, code, "ledger");
    return *this;
}

bool statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    // Error texts are taken before the reset, which replaces them.
    const sqlite_error error(sqlite3_extended_errcode(database_), std::string("ledger: ") + sqlite3_errmsg(database_));
    sqlite3_reset(handle_.get());
    throw error;
}

void statement::run() {
    while (step()) {
    }
    reset();
}

void statement::reset() {
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
}

std::string statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    const int size = sqlite3_column_bytes(handle_.get(), column);
    return bytes != nullptr ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
}

std::int64_t statement::number(int column) const {
    return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::int64_t> statement::number_or_null(int column) const {
    if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
    return number(column);
}

void database::closer::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

namespace {

/// As a URI of SQLite: everything that means something there is escaped.
std::string uri_of(const std::filesystem::path& file, const char* query) {
    std::string text = "file:";
    for (const char each : std::filesystem::absolute(file).string()) {
        constexpr std::string_view digits = "0123456789ABCDEF";
        const auto value = static_cast<unsigned char>(each);
        if (each == '%' || each == '?' || each == '#') {
            text += '%';
            text += digits[value >> 4];
            text += digits[value & 15];
        } else {
            text += each;
        }
    }
    return text + query;
}

} // namespace

database::database(const std::filesystem::path& file, opening how) {
    sqlite3* made = nullptr;
    // NOMUTEX: a connection is used from one thread at a time.
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= how == opening::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (how == opening::immutable) flags |= SQLITE_OPEN_URI;
    const auto name = how == opening::immutable ? uri_of(file, "?immutable=1") : file.string();
    const int code = sqlite3_open_v2(name.c_str(), &made, flags, nullptr);
    handle_.reset(made);
    if (code != SQLITE_OK) fail(made, code, "open the ledger " + file.string());
    // Nobody else writes but an operator with a shell of SQLite; the daemon comes again by itself, and must be able to
    // stop meanwhile.
    sqlite3_busy_timeout(made, how == opening::write ? 1000 : 5000);
}

int database::changes() const {
    return sqlite3_changes(handle_.get());
}

std::int64_t database::last_id() const {
    return sqlite3_last_insert_rowid(handle_.get());
}

void database::execute(const char* sql) {
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(handle_.get(), code, "ledger");
}

std::optional<std::uint64_t> wal_size(const std::filesystem::path& file) {
    struct stat found {};

    if (::stat((file.string() + "-wal").c_str(), &found) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(found.st_size);
}

std::vector<database::opening> ways_to_read(const std::filesystem::path& file) {
    std::vector<database::opening> ways;
    if (wal_size(file)) ways.push_back(database::opening::read);
    if (!wal_size(file).value_or(0)) ways.push_back(database::opening::immutable);
    return ways;
}

} // namespace kyc::ledger
