#pragma once
// What a case keeps in mind about its task from one poll to the next.

#include "core/poll_learner.hpp"
#include "core/report_json.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace kyc {

/// How old a task is. Only the time before this process comes from the machine's clock, which may be set while tasks
/// are waited for.
class task_age {
  public:
    explicit task_age(utc_time submitted_at)
        : before_(
              std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - submitted_at)) {
        before_ = std::max(before_, std::chrono::milliseconds(0));
    }

    [[nodiscard]] std::chrono::milliseconds now() const { return before_ + watched(); }

    /// Of that, what this process has seen.
    [[nodiscard]] std::chrono::milliseconds watched() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_);
    }

  private:
    std::chrono::milliseconds before_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// A task that has no outcome yet.
struct awaited_task {
    task_age age;
    task_polls polls;
    std::chrono::steady_clock::time_point due{};           ///< of the next poll
    std::optional<std::chrono::milliseconds> told_to_wait; ///< by the server, in the last reply
    std::chrono::milliseconds held_up{0}; ///< past the times of polls, by an API that was down: not the task's fault
    std::uint16_t unreadable = 0;         ///< replies in a row that nobody could read
    bool repeat = false;                  ///< the last question failed
    std::uint32_t heard_again = 0;        ///< so many polls brought `heard` since the last row in the ledger
    std::string heard;                    ///< what the last poll brought, as `show` tells it
    std::chrono::steady_clock::time_point noted{}; ///< when that was written

    awaited_task(utc_time submitted_at, poll_learner& of_service) : age(submitted_at), polls(of_service) {}
};

} // namespace kyc
