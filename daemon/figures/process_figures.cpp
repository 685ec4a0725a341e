#include "figures/process_figures.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace kyc {

namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

} // namespace

process_figures read_process_figures() {
    process_figures seen;
    rusage used{};
    if (::getrusage(RUSAGE_SELF, &used) == 0) seen.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    std::uint64_t whole = 0;
    std::uint64_t resident = 0;
    if (std::ifstream("/proc/self/statm") >> whole >> resident)
        seen.resident_bytes = resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::error_code unknown;
    for (auto each = std::filesystem::directory_iterator("/proc/self/fd", unknown);
         !unknown && each != std::filesystem::directory_iterator(); each.increment(unknown))
        ++seen.open_descriptors;
    if (seen.open_descriptors > 0) --seen.open_descriptors; // the one it was read by
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) seen.most_descriptors = limit.rlim_cur;
    return seen;
}

} // namespace kyc
