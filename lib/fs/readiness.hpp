#pragma once
// The ready rule (design section 3): what one look at a case means.

#include "core/settings.hpp"
#include "fs/case_sight.hpp"
#include "fs/inbox.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace kyc::fs::intake {

/// Hashes of files by what they looked like, so that an unchanged file is not read again at each look.
using known_hashes = std::map<std::string, std::pair<std::uint64_t, std::string>>;

/// How the case stands in time.
struct quietness {
    std::chrono::milliseconds quiet{}; ///< since anything of it last changed
    bool renamed_in = false;           ///< it came as a whole
    bool leases = true;                ///< whether asking for open writers means anything on this file system
};

/// `target` is null for an unknown service. `hashes` is filled and used. A fault is the system's.
[[nodiscard]] result<examination> judge(const inbox_entry& entry, const case_sight& sight, const service* target,
                                        const service_table& services, const intake_settings& rules, quietness time,
                                        known_hashes& hashes);

} // namespace kyc::fs::intake
