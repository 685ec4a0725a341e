#pragma once
// Which flat files belong to which case, remembered so that looking at one case does not read a folder of 100,000
// names.

#include "core/result.hpp"
#include "core/service.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kyc::fs::intake {

/// The files of each flat case of one service folder.
using flat_cases = std::unordered_map<std::string, std::vector<std::string>>;

/// What a folder looked like when its names were read.
struct folder_stamp {
    std::uint64_t inode = 0;
    std::int64_t mtime = 0;
    bool certain = false; ///< the folder had been quiet for so long that a later change must show in its mtime

    bool operator==(const folder_stamp&) const = default;
};

/// The stamp of an open folder; take it before reading the names.
[[nodiscard]] result<folder_stamp> stamp_of(int folder);

/// The names of one flat case. `look_again` is set when they may be out of date because the folder is changing faster
/// than it can be read: then an absent file proves nothing before that time has passed.
struct flat_files {
    std::vector<std::string> names;
    std::optional<std::chrono::milliseconds> look_again;
};

/// Thread-safe.
class flat_index {
  public:
    /// Takes what a full scan of inbox/<folder>/ found.
    void put(const std::string& folder, folder_stamp stamp, flat_cases cases, std::chrono::steady_clock::duration cost);

    /// The files of one case. Reads the folder again when it has changed since, but spends at most a tenth of the time
    /// on it when it is large.
    [[nodiscard]] result<flat_files> files_of(int folder_fd, const std::string& folder, const service& target,
                                              const std::string& case_name);

    /// Drops folders that are not in the inbox any more.
    void keep_only(const std::vector<std::string>& folders);

  private:
    struct indexed_folder {
        folder_stamp stamp;
        flat_cases cases;
        std::chrono::steady_clock::time_point next_reading; ///< not before
    };

    std::mutex mutex_;
    std::map<std::string, indexed_folder> folders_;
};

} // namespace kyc::fs::intake
