#include "ledger/lasting_place.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace kyc::ledger {

namespace {

namespace stdfs = std::filesystem;

[[noreturn]] void fail(const std::string& doing) {
    throw sqlite_error(errno == ENOSPC ? SQLITE_FULL : SQLITE_IOERR, "ledger: " + doing + ": " + std::strerror(errno));
}

bool is_gone(const stdfs::path& path) {
    struct stat found {};

    return ::stat(path.c_str(), &found) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

void sync(const stdfs::path& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool done = fd >= 0 && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    errno = error;
    if (!done) fail("sync " + path.string());
}

void copy(database& from, const stdfs::path& to) {
    for (const char* suffix : {"", "-journal", "-wal", "-shm"})
        ::unlink((to.string() + suffix).c_str());
    const int fd = ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) fail("make " + to.string());
    ::close(fd);
    database made(to);
    auto* const backup = sqlite3_backup_init(made.handle(), "main", from.handle(), "main");
    if (backup != nullptr) sqlite3_backup_step(backup, -1);
    if (backup == nullptr || sqlite3_backup_finish(backup) != SQLITE_OK)
        throw sqlite_error(sqlite3_extended_errcode(made.handle()),
                           "ledger: copy it to " + to.string() + ": " + sqlite3_errmsg(made.handle()));
}

void move_aside(const stdfs::path& file) {
    for (int n = 1;; ++n) {
        auto aside = file;
        aside += ".replaced-" + std::to_string(n);
        if (!is_gone(aside)) continue;
        for (const char* suffix : {"", "-wal", "-shm"})
            if (::rename((file.string() + suffix).c_str(), (aside.string() + suffix).c_str()) != 0 && errno != ENOENT)
                fail("move away " + file.string() + suffix);
        return;
    }
}

} // namespace

std::optional<lasting_place::identity> lasting_place::identity_of(const stdfs::path& path) {
    struct stat found {};

    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return identity(found.st_dev, found.st_ino);
}

lasting_place::lasting_place(stdfs::path file) : file_(std::move(file)), known_(identity_of(file_)) {
    if (const auto folder = identity_of(file_.parent_path())) device_ = folder->first;
    has_wal_ = identity_of(file_.string() + "-wal").has_value();
}

bool lasting_place::is_lost() const {
    if (!known_) return false;
    if (const auto there = identity_of(file_)) {
        if (there != known_) return true;
    } else {
        return is_gone(file_);
    }
    return has_wal_ && is_gone(file_.string() + "-wal");
}

void lasting_place::put_back(database& opened) {
    const auto folder = identity_of(file_.parent_path());
    // Below a mount that has gone the copy would be of no use: the one in the mount would come back, older than it.
    if (!folder || folder->first != device_)
        throw sqlite_error(SQLITE_CANTOPEN,
                           "the ledger " + file_.string() + " has gone with its folder, is it mounted?");
    const auto fresh = stdfs::path(file_.string() + ".back");
    copy(opened, fresh);
    sync(fresh);
    const auto there = identity_of(file_);
    if (there && there != known_ && there != copy_) move_aside(file_);
    // They belong to the file that has gone, and all that is in them was copied.
    for (const char* suffix : {"-wal", "-shm"})
        ::unlink((file_.string() + suffix).c_str());
    copy_ = identity_of(fresh);
    if (::rename(fresh.c_str(), file_.c_str()) != 0) fail("put back " + file_.string());
    sync(file_.parent_path());
    // Closed, it would remove the WAL of the copy.
    int keep = 1;
    sqlite3_file_control(opened.handle(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
}

} // namespace kyc::ledger
