#include "status/progress_line.hpp"

#include "log/log.hpp"

#include <cstdio>
#include <unistd.h>

namespace kyc {

namespace {

constexpr std::chrono::milliseconds between_drawings{100};

} // namespace

progress_line::progress_line(const tally& count, bool quiet)
    : count_(count), on_(!quiet && ::isatty(STDERR_FILENO) == 1) {
    if (on_) log::share_terminal_with_progress(true);
}

progress_line::~progress_line() {
    if (on_) log::share_terminal_with_progress(false);
}

void progress_line::draw() {
    const auto now = std::chrono::steady_clock::now();
    if (!on_ || now - drawn_ < between_drawings) return;
    drawn_ = now;
    std::fprintf(stderr, "\r\033[K%llu taken, %llu submitted, %llu delivered, %llu failed, %llu open",
                 static_cast<unsigned long long>(count_.taken()), static_cast<unsigned long long>(count_.submissions()),
                 static_cast<unsigned long long>(count_.delivered()), static_cast<unsigned long long>(count_.failed()),
                 static_cast<unsigned long long>(count_.open()));
    std::fflush(stderr);
}

void progress_line::wipe() {
    if (on_) std::fputs("\r\033[K", stderr);
}

std::chrono::steady_clock::duration progress_line::interval() const {
    return on_ ? std::chrono::steady_clock::duration(between_drawings) : std::chrono::hours(1);
}

} // namespace kyc
