#pragma once
// Tasks as Celery's result table shows them: they walk PENDING → STARTED → their end, by the clock that is passed in.

#include "sandbox/answers.hpp"
#include "sandbox/http_message.hpp"
#include "sandbox/settings.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace kyc::sandbox {

class task_store {
  public:
    /// From now on tasks and faces outlive the process: those in the file are known again, new ones are added to it
    /// before their id is told. Made when missing; throws with a sentence.
    void keep_in(const std::filesystem::path& file);

    /// Starts a task; returns its UUID. `registers`: the face uuid that becomes known with it, or empty.
    std::string start(outcome end, const settings& rules, std::string registers, time_point now);

    /// The reply to GET services/task/?id=…, counted as a poll.
    [[nodiscard]] reply poll(const std::string& id, const settings& rules, time_point now);

    [[nodiscard]] bool knows_face(const std::string& uuid) const { return faces_.contains(uuid); }

    [[nodiscard]] const std::unordered_map<std::string, std::uint64_t>& polls() const { return polls_; }

    void clear();

  private:
    struct task {
        outcome end;
        std::int64_t row = 0; ///< the integer id of the wrapped form
        time_point created;
        time_point done;
    };

    void write_down(const std::string& id, const task& made, const std::string& registers);

    std::filesystem::path file_; ///< empty: nothing is kept
    std::ofstream kept_;
    std::unordered_map<std::string, task> tasks_;
    std::unordered_map<std::string, std::uint64_t> polls_;
    std::unordered_set<std::string> faces_;
    std::int64_t next_row_ = 2100;
    std::mt19937 random_{1}; // NOLINT(cert-msc51-cpp): the same run twice is the point
};

} // namespace kyc::sandbox
