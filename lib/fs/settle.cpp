// Making claims survive a power cut.

#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/claim_steps.hpp"

#include <cerrno>
#include <unistd.h>

namespace kyc::fs {

result<void> settle_claim(const spool_layout& layout, const claimed_case& which) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    std::vector<std::string> parents{which.key.folder};
    if (which.flat) parents.push_back(".flat/" + which.key.folder);
    for (const auto& name : parents) {
        const auto parent = open_folder_in(*work, name);
        if (!parent) return parent.error();
        if (const auto synced = sync(*parent); !synced) return synced.error();
    }
    return sync(*work);
}

} // namespace kyc::fs
