#pragma once
// What the parts of kycd-preload.so share: a library that stands between kycd (and SQLite in it) and the file calls of
// libc, so that the campaigns can make them fail, count them, leave out the syncs, or record what they did.
//
// LD_PRELOAD=kycd-preload.so and
//   KYCD_PRELOAD_ROOT=DIR[:DIR…]   only what lies there is touched; real paths, without links
//   KYCD_INJECT=CALL:ERRNO:N:COUNT[:PATHPART]
//                                  the Nth matching call and the COUNT-1 that follow fail; COUNT 0: all of them until
//                                  the file named by KYCD_INJECT_OFF is there. CALL `short-write`: half is written, and
//                                  the write after it fails. ERRNO `HANG`: the call does not come back before
//                                  KYCD_INJECT_OFF is there, and does its work then. Calls are counted once
//                                  KYCD_INJECT_ON (if set) is there.
//   KYCD_INJECT_LOG=FILE           a line for each call that was made to fail: CALL ERRNO PATH
//   KYCD_PRELOAD_COUNTS=FILE       how many of each call were made: a name of 24 bytes and a number of 8 bytes for each
//   KYCD_PRELOAD_NOSYNC=1          fsync, fdatasync and syncfs do nothing, and say that all is well
//   KYCD_PRELOAD_TRACE=FILE        every change below the roots, in order and with its data: see preload_trace.cpp
//   KYCD_PRELOAD_MARKS=FILE        what is appended to this file goes into the trace as a mark
//   KYCD_PRELOAD_NFS=1             what lies below the roots seems to lie on a share (NFS)
//   KYCD_CLOCK_FILE=FILE           the seconds in it are added to the wall clock
//   KYCD_STEADY_FILE=FILE          the seconds in it are added to the clock that measures time; only ever more
//   KYCD_LOOKUP_FILE=FILE          while it is there every name lookup takes the seconds in it, and then fails
//
// Linux and glibc. Calls that glibc makes inside itself (fopen, opendir's open) are not seen.

#include <array>
#include <cerrno>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/vfs.h>

namespace kyc::preload {

/// Calls by what they do, whatever their spelling in libc.
enum class call : unsigned {
    open,
    close,
    read,
    write,
    fsync,
    fdatasync,
    syncfs,
    rename,
    mkdir,
    unlink,
    rmdir,
    stat,
    fstat,
    chmod,
    chown,
    utimens,
    truncate,
    allocate,
    opendir,
    readdir,
    readlink,
    symlink,
    access,
    statfs,
    flock,
    lock,
    map,
    inotify_init,
    inotify_add
};

inline constexpr std::array call_names{"open",    "close",   "read",     "write",        "fsync",      "fdatasync",
                                       "syncfs",  "rename",  "mkdir",    "unlink",       "rmdir",      "stat",
                                       "fstat",   "chmod",   "chown",    "utimens",      "truncate",   "allocate",
                                       "opendir", "readdir", "readlink", "symlink",      "access",     "statfs",
                                       "flock",   "lock",    "map",      "inotify_init", "inotify_add"};

static_assert(call_names.size() == static_cast<std::size_t>(call::inotify_add) + 1);

/// libc's function of this name, past ours. Never null: ends the process when libc has none.
void* next_symbol(const char* name);

/// next_symbol() as a function: `static const auto real = next<decltype(::open)>("open");`
template<class Function>
Function* next(const char* name) {
    return reinterpret_cast<Function*>(next_symbol(name));
}

/// A system call without libc's wrapper and so without ours; -1 and errno as usual.
long raw_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

/// The environment variable, or an empty string.
const char* from_environment(const char* name);

/// Keeps errno over what the library does for itself: callers of readdir rely on it.
class errno_keeper {
  public:
    errno_keeper() : kept_(errno) {}

    errno_keeper(const errno_keeper&) = delete;
    errno_keeper& operator=(const errno_keeper&) = delete;

    ~errno_keeper() { errno = kept_; }

  private:
    int kept_;
};

/// Nothing is injected, counted or recorded: the calls go straight through.
[[nodiscard]] bool idle();

/// Where an open descriptor leads now; empty when it is no file (a socket, say).
[[nodiscard]] std::string path_of(int descriptor);

/// The path that `name` means beneath `parent` (or AT_FDCWD); /proc/self/fd/N is followed, other links are not.
[[nodiscard]] std::string path_at(int parent, const char* name);

/// Whether the path lies at or below one of the roots.
[[nodiscard]] bool is_ours(std::string_view path);

/// Counts a call and decides about it: 0, or the errno it fails with. For `write`, *half is set when half of it is to
/// be written. A path that is not ours is left alone.
[[nodiscard]] int meet(call what, std::string_view path, bool* half = nullptr);

/// Counts for KYCD_PRELOAD_COUNTS.
void count(call what);

/// Whether KYCD_INJECT makes this call fail now.
[[nodiscard]] int injected(call what, std::string_view path, bool* half);

/// KYCD_INJECT is there.
[[nodiscard]] bool injecting();

/// KYCD_PRELOAD_COUNTS is there.
[[nodiscard]] bool counting();

/// KYCD_PRELOAD_NOSYNC is there.
[[nodiscard]] bool without_syncs();

/// KYCD_PRELOAD_NFS: what the file system of this path says of itself becomes what a share would.
void play_share(std::string_view path, struct statfs* found);

/// KYCD_PRELOAD_TRACE is there.
[[nodiscard]] bool recording();

/// Held over a call and its record, so that the trace has the true order. A lock that is not taken when nothing is
/// recorded.
[[nodiscard]] std::unique_lock<std::recursive_mutex> recorded_in_order();

/// Writes a record: an operation, its path, a second path or number, and data. Only with recorded_in_order() held, and
/// only for what has succeeded and is ours.
void record(std::string_view operation, std::string_view path, std::string_view other = {}, std::string_view data = {});

/// A call that makes no change: counted, perhaps failed, passed on.
template<class Real>
auto pass(call what, const std::string& path, Real real) -> decltype(real()) {
    if (const int error = meet(what, path); error != 0) {
        errno = error;
        return static_cast<decltype(real())>(-1);
    }
    return real();
}

/// A call that changes something: as pass(), and `note` records it when it has worked.
template<class Real, class Note>
auto change(call what, const std::string& path, Real real, Note note) -> decltype(real()) {
    if (const int error = meet(what, path); error != 0) {
        errno = error;
        return static_cast<decltype(real())>(-1);
    }
    if (!recording()) return real();
    const auto in_order = recorded_in_order();
    const auto done = real();
    if (done >= 0) {
        const errno_keeper keep;
        note(done);
    }
    return done;
}

} // namespace kyc::preload
