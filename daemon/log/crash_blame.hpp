#pragma once
// Names the case at which the process breaks down, so that one poisonous file does not end kycd again and again.

#include "core/case_key.hpp"
#include "core/failure.hpp"
#include "core/result.hpp"
#include "fs/crash_notes.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/records.hpp"

#include <array>
#include <cstddef>
#include <map>
#include <optional>

namespace kyc {

/// A case that the process broke down at so often is set aside.
inline constexpr std::size_t crashes_allowed = 1;

/// From here on a crash (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT) writes the case that the crashing thread works on
/// into work/.crashes, and then dies as before. A SIGKILL from outside (an operator, the kernel short of memory) blames
/// nobody. Returns how often each case has been blamed by earlier processes.
[[nodiscard]] result<std::map<case_key, fs::crash_count>> watch_for_crashes(const fs::spool_layout& layout);

/// For as long as this lives, the calling thread works on that case. No co_await meanwhile: a thread is meant, not a
/// coroutine. Nests.
class crash_blame {
  public:
    explicit crash_blame(const case_key& which, bool has_task = false) noexcept;

    /// A case whose record is at hand.
    explicit crash_blame(const ledger::case_record& which) noexcept : crash_blame(which.key, which.has_task()) {}

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
void blame_case(const ledger::case_record& which) noexcept;

/// Why a case is not gone on with; none: nothing speaks against it. A task is asked for whatever happened before its
/// receipt, for it is paid; that counts again if the case would have to be sent anew. What broke down at the answer
/// ends the case as TASK_UNREAD, with the task's id.
[[nodiscard]] std::optional<failure> crash_objection(const std::map<case_key, fs::crash_count>& crashes,
                                                     const ledger::case_record& record);

/// Whether setting the case aside broke down as often: then it is not touched at all.
[[nodiscard]] bool is_untouchable(const std::map<case_key, fs::crash_count>& crashes, const case_key& which);

} // namespace kyc
