#pragma once
// Names the case at which the process breaks down, so that one poisonous file does not end kycd again and again.

#include "core/case_key.hpp"
#include "core/failure.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"

#include <array>
#include <cstddef>
#include <map>

namespace kyc {

/// A case that the process broke down at so often is set aside.
inline constexpr std::size_t crashes_allowed = 1;

/// From here on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) writes the case that the crashing thread works on
/// into work/.crashes, and then dies as before. A SIGKILL from outside (an operator, the kernel short of memory) blames
/// nobody. Returns how often each case has been blamed by earlier processes.
[[nodiscard]] result<std::map<case_key, std::size_t>> watch_for_crashes(const fs::spool_layout& layout);

/// For as long as this lives, the calling thread works on that case. No co_await meanwhile: a thread is meant, not a
/// coroutine. Nests.
class crash_blame {
  public:
    explicit crash_blame(const case_key& which) noexcept;
    crash_blame(const crash_blame&) = delete;
    crash_blame& operator=(const crash_blame&) = delete;
    ~crash_blame();

  private:
    std::array<char, 1024> line_{};
    std::size_t size_ = 0;
    const crash_blame* outer_;

    friend void blame_current_case() noexcept;
};

/// The case broke the process with an exception that nobody expected.
void blame_case(const case_key& which) noexcept;

/// Why it is set aside.
[[nodiscard]] failure poisonous(std::size_t crashes);

} // namespace kyc
