// Making claims survive a power cut.

#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/claim_steps.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <unistd.h>

namespace kyc::fs {

result<void> settle_claims(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    // One call for a whole group of cases. By single calls each case would need one per image, for producers do not
    // sync, and one per folder whose names have changed, and each of those waits for a journal commit of its own; this
    // writes all of it in one. The price is that it also writes what others have dirtied on this file system. Since
    // Linux 5.8 it reports what could not be written back, once to each description that was open then or is the first
    // to ask; before, it was silent about data.
    //
    // After a failure the pages that could not be written count as clean, so that a second call may well succeed
    // without them. The names are safe from that: a journal that cannot be written stops its file system for good. Of
    // an image that is lost so, result.json has the hash of what was sent.
    //
    // The inbox is nothing to think of: on this file system the call covers it, and what came from another one was
    // copied, synced file by file, and its old names were synced away before the claim ended.
    if (::syncfs(work->get()) != 0) {
        // A seccomp filter says EPERM, or ENOSYS.
        if (errno != ENOSYS && errno != EPERM) return work->trouble_with(errno, "sync the file system of");
        const auto inbox = open_folder(layout.roots().inbox);
        if (!inbox) return inbox.error();
        if (auto done = settle_by_folder(*inbox, *work); !done) return done;
    }
    fault_point("claim.settled");
    return {};
}

result<void> settle_by_folder(const folder& inbox, const folder& work) {
    if (auto done = sync_tree(work); !done) return done;
    const auto names = list_names(inbox);
    if (!names) return names.error();
    for (const auto& name : *names) {
        const auto found = stat_in(inbox, name);
        if (!found) return found.error();
        if (!*found || !S_ISDIR((*found)->st_mode)) continue;
        const auto service = open_folder_in(inbox, name);
        if (!service) {
            if (is_absent(service.error()) || service.error().code.value() == EACCES) continue;
            return service.error();
        }
        if (auto done = sync(*service); !done) return done;
    }
    return {};
}

} // namespace kyc::fs
