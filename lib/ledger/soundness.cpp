#include "ledger/soundness.hpp"

#include "ledger/sqlite.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace kyc::ledger {

namespace {

std::string quick_check(database& opened) {
    statement check(opened.handle(), "PRAGMA quick_check(1)");
    return check.step() ? check.text(0) : "quick_check says nothing";
}

void read_one_through(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return;
    std::vector<char> buffer(std::size_t{256} << 10);
    ssize_t count = fd < 0 ? -1 : 1;
    while (count > 0 || (count < 0 && fd >= 0 && errno == EINTR))
        count = ::read(fd, buffer.data(), buffer.size());
    const int error = count < 0 ? errno : 0;
    if (fd >= 0) ::close(fd);
    if (error != 0)
        throw sqlite_error(SQLITE_IOERR_READ, "ledger: read " + file.string() + ": " + std::strerror(error));
}

} // namespace

void check_sound(database& opened, const std::filesystem::path& file) {
    if (quick_check(opened) == "ok") return;
    read_through(file);
    if (const auto found = quick_check(opened); found != "ok")
        throw sqlite_error(SQLITE_CORRUPT, "ledger: quick_check: " + found);
}

void read_through(const std::filesystem::path& file) {
    read_one_through(file);
    read_one_through(file.string() + "-wal");
}

} // namespace kyc::ledger
