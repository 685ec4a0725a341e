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
#include <map>
#include <unistd.h>
#include <utility>

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

/// From work/<folder> to outbox/<folder> or failed/<folder>, and who has been renamed along it.
struct passage {
    folder root;
    folder source;
    folder target;

    struct traveller {
        departure* who;
        std::string name; ///< in target
    };

    std::vector<traveller> renamed{};
};

result<passage> open_passage(const spool_layout& layout, const folder& work, bool answered, const std::string& name,
                             const access_rules& access) {
    auto source = open_folder_in(work, name);
    if (!source) return source.error();
    auto root = open_root(layout, answered ? spool_root::outbox : spool_root::failed);
    if (!root) return root.error();
    auto target = target_folder(*root, name, access);
    if (!target) return target.error();
    return passage{std::move(*root), std::move(*source), std::move(*target)};
}

/// Everything of a delivery but the syncs; whoever is not among the renamed afterwards has been told why.
void rename_out(const spool_layout& layout, const folder& work, passage& through, const access_rules& access,
                departure& leaving) {
    const auto& key = leaving.which.key;
    // An earlier call may have ended in a fault after the case had arrived.
    const auto arrived = settle_delivery(layout, work, key);
    if (!arrived) {
        leaving.where = arrived.error();
        return;
    }
    if (*arrived) {
        leaving.where = **arrived;
        return;
    }
    if (auto done = set_access_below(through.source, key.name, access); !done) {
        leaving.where = done.error();
        return;
    }
    fault_point("deliver.moded", key.name);
    for (int count = 1;; ++count) {
        const auto name = numbered_name(key.name, count);
        const int error = rename_no_replace(through.source, key.name, through.target, name);
        if (error == EEXIST || error == ENOTEMPTY) continue;
        if (error == 0) {
            through.renamed.push_back({&leaving, name});
            fault_point("deliver.renamed", key.name);
            return;
        }
        leaving.needs_copy = error == EXDEV;
        leaving.where = through.source.trouble_with(error, "rename into " + through.target.path.string(), key.name);
        return;
    }
}

/// Both ends, for all that came through.
void settle_passage(const folder& work, passage& through) {
    if (through.renamed.empty()) return;
    auto synced = sync(through.target);
    if (synced) synced = sync(through.source);
    for (const auto& [who, name] : through.renamed) {
        const auto& key = who->which.key;
        if (!synced) {
            // Not known to be durable is not delivered: back, so that it can depart again.
            static_cast<void>(rename_no_replace(through.target, name, through.source, key.name));
            who->where = synced.error();
            continue;
        }
        fault_point("deliver.synced", key.name);
        forget_marks(work, key);
        fault_point("deliver.unmarked", key.name);
        who->where = through.target.path / name;
    }
}

} // namespace

void deliver(const spool_layout& layout, const access_rules& access, const std::vector<departure*>& leaving) {
    const auto work = open_folder(layout.roots().work);
    std::map<std::pair<bool, std::string>, result<passage>> passages;
    for (auto* each : leaving) {
        each->needs_copy = false;
        if (!work) {
            each->where = work.error();
            continue;
        }
        const std::pair way(each->answered, each->which.key.folder);
        auto found = passages.find(way);
        if (found == passages.end())
            found = passages.emplace(way, open_passage(layout, *work, way.first, way.second, access)).first;
        if (auto& through = found->second; through)
            rename_out(layout, *work, *through, access, *each);
        else
            each->where = through.error();
    }
    for (auto& [way, through] : passages)
        if (through) settle_passage(*work, *through);
}

void deliver_elsewhere(const spool_layout& layout, const access_rules& access, departure& leaving) {
    const auto work = open_folder(layout.roots().work);
    if (!work) {
        leaving.where = work.error();
        return;
    }
    const auto& key = leaving.which.key;
    const auto through = open_passage(layout, *work, leaving.answered, key.folder, access);
    if (through)
        leaving.where = deliver_by_copy(*work, through->root, through->target, key, access);
    else
        leaving.where = through.error();
}

} // namespace kyc::fs
