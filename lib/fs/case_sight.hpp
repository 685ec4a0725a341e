#pragma once
// What one look at a case in the inbox shows, whether it is a folder or flat files.

#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/file_state.hpp"
#include "fs/flat_index.hpp"
#include "fs/inbox.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc::fs::intake {

/// One look.
struct case_sight {
    enum class presence { here, gone, unreadable, not_a_folder } what = presence::here;
    unique_fd folder;                    ///< where the files lie: the case's folder, or the service's for a flat case
    std::vector<file_state> files;       ///< everything of the case but the marker, sorted by name
    std::optional<std::string> manifest; ///< the name of case.json or <case>.json if there is one
    bool marker = false;                 ///< .done or <case>.done is there
    std::int64_t changed = 0;            ///< the latest ctime of it all
    std::optional<std::chrono::milliseconds> look_again; ///< see flat_files

    [[nodiscard]] const file_state* find(const std::string& name) const;
};

/// Looks at an entry below the open service folder. A fault is the system's.
[[nodiscard]] result<case_sight> look_at(int service_folder, const inbox_entry& entry, const service& target,
                                         flat_index& flat);

} // namespace kyc::fs::intake
