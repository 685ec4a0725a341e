#include "fs/spool_lock.hpp"

#include "fs/atomic_file.hpp"
#include "fs/safe_open.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <thread>

namespace kyc::fs {

namespace {

constexpr int asking_tries = 10;
constexpr std::chrono::milliseconds asking_time{20};

/// flock, and not POSIX locks: those are lost when the process closes any other descriptor of the file.
int try_lock(int fd, int kind) {
    while (::flock(fd, kind | LOCK_NB) != 0) {
        if (errno != EINTR) return errno;
    }
    return 0;
}

long read_pid(int fd) {
    std::array<char, 32> text{};
    const auto count = ::pread(fd, text.data(), text.size(), 0);
    long pid = 0;
    if (count > 0) std::from_chars(text.data(), text.data() + count, pid);
    return pid;
}

} // namespace

std::string spool_taken::message() const {
    const std::string who = pid > 0 ? "process " + std::to_string(pid) : "another process";
    return "the spool of " + lock_file.parent_path().string() + " is in use by " + who +
           "; stop it first, or give this one a spool of its own";
}

result<spool_lock::outcome> spool_lock::take(const spool_layout& layout) {
    const auto path = layout.lock_file();
    const auto work = open_folder(path.parent_path());
    if (!work) return work.error();
    auto file = open_beneath(*work, path.filename().string(), O_RDWR | O_CREAT, 0600);
    if (!file) return file.error();
    int error = try_lock(file->get(), LOCK_EX);
    // A command that asks who holds the spool (spool_holder) locks it for a moment.
    for (int tries = 0; error == EWOULDBLOCK && tries < asking_tries; ++tries) {
        std::this_thread::sleep_for(asking_time);
        error = try_lock(file->get(), LOCK_EX);
    }
    if (error == EWOULDBLOCK) return outcome{spool_taken{read_pid(file->get()), path}};
    if (error != 0) return last_fault(error, "lock " + path.string());

    const std::string pid = std::to_string(::getpid()) + '\n';
    if (::ftruncate(file->get(), 0) != 0) return last_fault(errno, "truncate " + path.string());
    if (const int failed = write_all(file->get(), std::as_bytes(std::span{pid})); failed != 0)
        return last_fault(failed, "write " + path.string());
    return outcome{spool_lock{std::move(*file)}};
}

result<std::optional<spool_taken>> spool_holder(const spool_layout& layout) {
    const auto path = layout.lock_file();
    const auto work = open_folder(path.parent_path());
    if (!work) return work.error();
    const auto file = open_beneath(*work, path.filename().string(), O_RDONLY);
    if (!file && is_absent(file.error())) return std::optional<spool_taken>{};
    if (!file) return file.error();
    // A shared lock for a moment; a daemon that starts in just that moment tries again.
    const int error = try_lock(file->get(), LOCK_SH);
    if (error == EWOULDBLOCK) return std::optional{spool_taken{read_pid(file->get()), path}};
    if (error != 0) return last_fault(error, "lock " + path.string());
    return std::optional<spool_taken>{};
}

} // namespace kyc::fs
