#include "core/case_name.hpp"
#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/claim_steps.hpp"

#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

enum class staging {
    done,
    gone,
    leftover,         ///< an interrupted claim of this name is still staged
    other_file_system ///< nothing was moved
};

bool is_taken(int error) {
    return error == EEXIST || error == ENOTEMPTY;
}

result<staging> stage_whole(const folder& source, const std::string& name, const folder& parent,
                            const std::string& new_name) {
    const int error = rename_no_replace(source, name, parent, new_name);
    if (error == 0) return staging::done;
    if (error == ENOENT) return staging::gone;
    if (error == EXDEV) return staging::other_file_system;
    if (is_taken(error)) return staging::leftover;
    return source.trouble_with(error, "rename out of the inbox", name);
}

/// Moves the files that are the case's into a folder of their own. What arrives later for the same stem is a new case.
result<staging> stage_parts(const folder& source, const std::vector<std::string>& names, const folder& parent,
                            const std::string& new_name) {
    bool created = false;
    const auto parts = make_folder_in(parent, new_name, 0700, &created);
    if (!parts) return parts.error();
    if (!created) return staging::leftover;
    bool moved = false;
    for (const auto& name : names) {
        const auto found = stat_in(source, name);
        if (!found) return found.error();
        if (!*found || S_ISDIR((*found)->st_mode)) continue;
        const int error = rename_no_replace(source, name, *parts, name);
        if (error == ENOENT) continue;
        if (error == EXDEV && !moved) {
            ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
            return staging::other_file_system;
        }
        if (error != 0) {
            // The folder must not stay behind when nothing is in it; with something in it the caller gives that back.
            ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
            return source.trouble_with(error, "rename out of the inbox", name);
        }
        moved = true;
        fault_point("claim.part_staged", new_name);
    }
    if (moved) return staging::done;
    ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
    return staging::gone;
}

/// The names in the service's folder that are the entry's.
result<std::vector<std::string>> parts_of(const folder& source, const inbox_entry& entry,
                                          const service_table& services) {
    if (!entry.flat) return std::vector<std::string>{entry.name};
    auto names = list_names(source);
    if (!names) return names.error();
    const service nobody;
    const service* known = services.find(entry.folder);
    const service& target = known != nullptr ? *known : nobody;
    std::erase_if(*names, [&](const std::string& file) {
        const auto read = read_flat_name(target, file);
        return read.case_name != entry.name || (read.what != flat_name::kind::marker && is_junk(file));
    });
    return names;
}

/// Back to where the producer put it, after a fault on the way. Failing leaves it to recover_work().
void undo(const folder& inbox, const folder& work, const staged_case& staged, const inbox_entry& entry) {
    if (staged.flat) {
        static_cast<void>(give_back(inbox, work, staged, entry.folder));
        return;
    }
    const auto parent = stage_parent(inbox, work, staged);
    const auto source = open_folder_in(inbox, entry.folder);
    if (parent && source) static_cast<void>(rename_no_replace(*parent, staged.key.name, *source, entry.name));
}

} // namespace

result<claim_outcome> claim(const spool_layout& layout, const inbox_entry& entry, const service_table& services,
                            const access_rules& access, const std::vector<std::string>& seen) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_folder(layout.roots().inbox);
    if (!inbox) return inbox.error();
    const auto source = open_folder_in(*inbox, entry.folder);
    if (!source && is_absent(source.error())) return claim_outcome{claim_refusal::gone};
    if (!source) return source.error();

    const case_key key = key_of(entry);
    const auto occupant = stat_in(*work, key.folder + '/' + key.name);
    if (!occupant) return occupant.error();
    if (*occupant) return claim_outcome{claim_refusal::occupied};

    staged_case staged{key, entry.flat, false};
    if (!entry.flat) {
        const auto found = stat_in(*source, entry.name);
        if (!found) return found.error();
        if (!*found) return claim_outcome{claim_refusal::gone};
        // A link or a FIFO in a case's place gets a folder around it, in which failed/ can show it with its error.json.
        staged.flat = !S_ISDIR((*found)->st_mode);
    }
    const auto stage = [&]() -> result<staging> {
        const auto parent = stage_parent(*inbox, *work, staged);
        if (!parent) return parent.error();
        if (staged.flat) {
            // A folder of 100,000 files is not read for each of its cases.
            const auto parts = entry.flat && !seen.empty() ? result<std::vector<std::string>>(seen)
                                                           : parts_of(*source, entry, services);
            if (!parts) return parts.error();
            return stage_parts(*source, *parts, *parent, key.name);
        }
        return stage_whole(*source, entry.name, *parent, key.name);
    };
    auto step = stage();
    if (step && *step == staging::other_file_system) {
        staged.elsewhere = true;
        step = stage();
    }
    if (!step) {
        if (staged.flat) undo(*inbox, *work, staged, entry);
        return step.error();
    }
    if (*step == staging::other_file_system)
        return source->trouble_with(EXDEV, "rename within the inbox (is a mount inside it?)", entry.name);
    if (*step == staging::gone) return claim_outcome{claim_refusal::gone};
    if (*step == staging::leftover) {
        if (const auto settled = settle_staged(*inbox, *work, staged, access); !settled) return settled.error();
        return claim_outcome{claim_refusal::occupied};
    }
    fault_point("claim.staged", key.name);

    const auto brought = bring_in(*inbox, *work, staged, access);
    if (!brought) {
        const auto arrived = stat_in(*work, key.folder + '/' + key.name);
        // A fault after the last rename: the case is in work/ and its source must not become a second one.
        if (arrived && !*arrived) undo(*inbox, *work, staged, entry);
        return brought.error();
    }
    if (!*brought) {
        undo(*inbox, *work, staged, entry);
        return claim_outcome{claim_refusal::occupied};
    }
    return claim_outcome{claimed_case{key, layout.work_case(key), staged.flat}};
}

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
