#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/case_marks.hpp"
#include "fs/claim_steps.hpp"
#include "fs/delivery.hpp"
#include "fs/root_mount.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

/// <root>/<folder>, made when the first case of a service arrives.
result<folder> target_folder(const folder& root, const std::string& name, const access_rules& access) {
    bool created = false;
    auto made = make_folder_in(root, name, 0700, &created);
    if (!made || !created) return made;
    auto done = sync(root);
    if (const int error = set_access(made->get(), folder_mode(access), access); error != 0)
        done = made->trouble_with(error, "set the group and mode of");
    if (done) return made;
    // The next call would take it as it finds it.
    ::unlinkat(root.get(), name.c_str(), AT_REMOVEDIR);
    return done.error();
}

result<std::filesystem::path> deliver(const spool_layout& layout, spool_root to, const claimed_case& which,
                                      const access_rules& access) {
    const auto& key = which.key;
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    // An earlier call may have ended in a fault after the case had arrived.
    const auto arrived = settle_delivery(layout, *work, key);
    if (!arrived) return arrived.error();
    if (*arrived) return **arrived;

    const auto source = open_folder_in(*work, key.folder);
    if (!source) return source.error();
    const auto root = open_root(layout, to);
    if (!root) return root.error();
    const auto target = target_folder(*root, key.folder, access);
    if (!target) return target.error();
    if (auto done = set_access_below(*source, key.name, access); !done) return done.error();
    fault_point("deliver.moded", key.name);

    std::string name;
    for (int count = 1;; ++count) {
        name = numbered_name(key.name, count);
        const int error = rename_no_replace(*source, key.name, *target, name);
        if (error == 0) break;
        if (error == EXDEV) return deliver_by_copy(*work, *root, *target, key, access);
        if (error != EEXIST && error != ENOTEMPTY)
            return source->trouble_with(error, "rename into " + target->path.string(), key.name);
    }
    fault_point("deliver.renamed", key.name);
    auto synced = sync(*target);
    if (synced) synced = sync(*source);
    if (!synced) {
        // Not known to be durable is not delivered: back, so that the caller can try again.
        static_cast<void>(rename_no_replace(*target, name, *source, key.name));
        return synced.error();
    }
    fault_point("deliver.synced", key.name);
    forget_marks(*work, key);
    fault_point("deliver.unmarked", key.name);
    return target->path / name;
}

} // namespace

result<std::filesystem::path> publish(const spool_layout& layout, const claimed_case& which,
                                      const access_rules& access) {
    return deliver(layout, spool_root::outbox, which, access);
}

result<std::filesystem::path> reject(const spool_layout& layout, const claimed_case& which,
                                     const access_rules& access) {
    return deliver(layout, spool_root::failed, which, access);
}

} // namespace kyc::fs
