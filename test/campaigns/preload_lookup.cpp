// KYCD_LOOKUP_FILE: a resolver that nobody answers.
#include "preload.hpp"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <netdb.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace kyc::preload {

namespace {

/// Read each time: the test changes it while kycd runs. Negative: lookups work.
long seconds_until_failure() {
    static const char* const file = from_environment("KYCD_LOOKUP_FILE");
    if (*file == '\0') return -1;
    const errno_keeper keep;
    const long fd = raw_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    std::array<char, 32> text{};
    raw_call(SYS_read, fd, reinterpret_cast<long>(text.data()), text.size() - 1);
    raw_call(SYS_close, fd);
    return std::strtol(text.data(), nullptr, 10);
}

} // namespace

} // namespace kyc::preload

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* wanted, addrinfo** found) {
    static const auto real =
        kyc::preload::next<int(const char*, const char*, const addrinfo*, addrinfo**)>("getaddrinfo");
    const long seconds = kyc::preload::seconds_until_failure();
    if (seconds < 0) return real(host, service, wanted, found);
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    return EAI_AGAIN;
}
