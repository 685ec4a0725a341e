#include "fs/flat_index.hpp"

#include "core/case_name.hpp"
#include "fs/file_state.hpp"

#include <algorithm>
#include <dirent.h>
#include <iterator>
#include <utility>

namespace kyc::fs::intake {

namespace {

using std::chrono::steady_clock;

/// Time stamps of folders are as coarse as two seconds on some file systems.
constexpr std::int64_t coarsest_stamp = 3'000'000'000;

/// A reading may be repeated when ten times its own duration has passed.
constexpr int share_of_time = 10;

/// Below so many cases a reading costs nothing worth sparing.
constexpr std::size_t few_cases = 1000;

/// How long a reading of so many cases has to serve.
steady_clock::duration pause_after(std::size_t cases, steady_clock::duration cost) {
    return cases <= few_cases ? steady_clock::duration::zero() : cost * share_of_time;
}

result<flat_cases> read_names(int folder, const service& target) {
    flat_cases cases;
    std::optional<fault> trouble;
    auto done = for_each_name(folder, [&](const char* name, unsigned char type) {
        if (trouble || type == DT_DIR || is_junk(name)) return;
        if (type == DT_UNKNOWN) {
            auto state = state_of(folder, name);
            if (state.has_error()) trouble = state.error();
            if (state.has_error() || !*state || (*state)->kind == file_kind::folder) return;
        }
        cases[read_flat_name(target, name).case_name].emplace_back(name);
    });
    if (done.has_error()) return done.error();
    if (trouble) return *trouble;
    return cases;
}

} // namespace

result<folder_stamp> stamp_of(int folder) {
    auto state = state_of(folder);
    if (state.has_error()) return state.error();
    const auto now =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    return folder_stamp{state->inode, state->mtime, now - state->mtime > coarsest_stamp};
}

void flat_index::put(const std::string& folder, folder_stamp stamp, flat_cases cases, steady_clock::duration cost) {
    const std::lock_guard lock(mutex_);
    const auto next = steady_clock::now() + pause_after(cases.size(), cost);
    folders_[folder] = {stamp, std::move(cases), next};
}

result<flat_files> flat_index::files_of(int folder_fd, const std::string& folder, const service& target,
                                        const std::string& case_name) {
    const std::lock_guard lock(mutex_);
    auto stamp = stamp_of(folder_fd);
    if (stamp.has_error()) return stamp.error();
    auto& known = folders_[folder];
    const bool current = known.stamp.certain && *stamp == known.stamp;
    const auto now = steady_clock::now();
    flat_files files;
    if (!current && now >= known.next_reading) {
        auto cases = read_names(folder_fd, target);
        if (cases.has_error()) return cases.error();
        const auto next = steady_clock::now() + pause_after(cases->size(), steady_clock::now() - now);
        known = {*stamp, std::move(*cases), next};
    } else if (!current) {
        files.look_again = std::chrono::ceil<std::chrono::milliseconds>(known.next_reading - now);
    }
    if (const auto found = known.cases.find(case_name); found != known.cases.end()) files.names = found->second;
    return files;
}

void flat_index::keep_only(const std::vector<std::string>& folders) {
    const std::lock_guard lock(mutex_);
    std::erase_if(folders_, [&](const auto& known) {
        return std::find(folders.begin(), folders.end(), known.first) == folders.end();
    });
}

} // namespace kyc::fs::intake
