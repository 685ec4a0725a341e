// KYCD_CLOCK_FILE: a wall clock that somebody sets, while the clock that measures time runs on. KYCD_STEADY_FILE: that
// one leaps ahead, so that a test need not wait for what takes minutes.
#include "preload.hpp"

#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace kyc::preload {

namespace {

/// Read each time: the test changes it while kycd runs. A file that is not there is no offset.
long seconds_in(const char* file) {
    if (*file == '\0') return 0;
    const errno_keeper keep;
    const long fd = raw_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    std::array<char, 32> text{};
    raw_call(SYS_read, fd, reinterpret_cast<long>(text.data()), text.size() - 1);
    raw_call(SYS_close, fd);
    return std::strtol(text.data(), nullptr, 10);
}

long offset_seconds() {
    static const char* const file = from_environment("KYCD_CLOCK_FILE");
    return seconds_in(file);
}

long steady_offset_seconds() {
    static const char* const file = from_environment("KYCD_STEADY_FILE");
    return seconds_in(file);
}

} // namespace

} // namespace kyc::preload

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    static const auto real = kyc::preload::next<int(clockid_t, timespec*)>("clock_gettime");
    const int done = real(clock, now);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += kyc::preload::offset_seconds();
    if (done == 0 && clock == CLOCK_MONOTONIC) now->tv_sec += kyc::preload::steady_offset_seconds();
    return done;
}

int gettimeofday(timeval* now, void* zone) noexcept {
    static const auto real = kyc::preload::next<int(timeval*, void*)>("gettimeofday");
    const int done = real(now, zone);
    if (done == 0) now->tv_sec += kyc::preload::offset_seconds();
    return done;
}

time_t time(time_t* into) noexcept {
    static const auto real = kyc::preload::next<time_t(time_t*)>("time");
    const time_t now = real(nullptr) + kyc::preload::offset_seconds();
    if (into != nullptr) *into = now;
    return now;
}
}
