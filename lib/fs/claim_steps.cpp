#include "fs/claim_steps.hpp"

#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_marks.hpp"
#include "fs/case_open.hpp"
#include "fs/inbox_hold.hpp"
#include "fs/retry.hpp"
#include "fs/root_mount.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

mark_folders copied_marks(const staged_case& which) {
    if (which.flat) return {".copied", ".flat", which.key.folder};
    return {".copied", which.key.folder};
}

bool is_refused(const fault& met) {
    return met.code.value() == EACCES || met.code.value() == EPERM;
}

/// kycd's answer must be kycd's: recovery delivers a case that has a result.json without asking the API.
result<void> make_names_safe(const folder& where) {
    const auto names = list_names(where);
    if (!names) return names.error();
    for (const auto& name : *names) {
        if (!is_own_name(name)) continue;
        // Left by a retry that was cut short behind its last rename.
        if (name == retried_mark && ::unlinkat(where.get(), name.c_str(), 0) == 0) continue;
        std::string other = name + ".dropped";
        for (int count = 2;; ++count) {
            const int error = rename_no_replace(where, name, where, other);
            if (error == 0) break;
            if (error != EEXIST && error != ENOTEMPTY) return where.trouble_with(error, "rename aside", name);
            other = name + ".dropped~" + std::to_string(count);
        }
    }
    return {};
}

/// The copy is in work/ for good; the source must never be claimed again.
result<void> remove_source(const folder& parent, const folder& work, const staged_case& which) {
    auto removed = remove_tree(parent, which.key.name);
    if (removed) removed = sync(parent);
    fault_point("claim.source_removed", which.key.name);
    // The share may be gone in this moment. The case is claimed nevertheless; the mark remembers what is left to do.
    if (!removed) return set_mark(work, copied_marks(which), which.key.name, true);
    return clear_mark(work, copied_marks(which), which.key.name);
}

} // namespace

result<folder> make_private(const folder& root, const std::vector<std::string>& names) {
    auto here = make_folder_in(root, names.front(), 0700);
    for (std::size_t i = 1; here && i < names.size(); ++i) {
        auto next = make_folder_in(*here, names[i], 0700);
        here = std::move(next);
    }
    return here;
}

result<folder> stage_parent(const folder& inbox, const folder& work, const staged_case& which) {
    mark_folders names{which.elsewhere ? ".kycd" : ".assembly"};
    if (which.flat) names.emplace_back(".flat");
    names.push_back(which.key.folder);
    return make_private(which.elsewhere ? inbox : work, names);
}

result<std::optional<staged_case>> find_staged(const folder& inbox, const folder& work, const case_key& key) {
    for (const bool elsewhere : {false, true}) {
        for (const bool flat : {false, true}) {
            const std::string stage = elsewhere ? ".kycd/" : ".assembly/";
            const auto found =
                stat_in(elsewhere ? inbox : work, stage + (flat ? ".flat/" : "") + key.folder + '/' + key.name);
            if (!found) return found.error();
            if (!*found) continue;
            const auto ours = elsewhere ? stages_here(inbox, work) : result<bool>{true};
            if (!ours) return ours.error();
            if (*ours) return std::optional{staged_case{key, flat, elsewhere}};
        }
    }
    return std::optional<staged_case>{};
}

result<arrival> bring_in(const folder& inbox, const folder& work, const staged_case& which,
                         const access_rules& access) {
    const auto& key = which.key;
    auto from = stage_parent(inbox, work, which);
    if (!from) return from.error();
    const auto there = stat_in(work, key.folder + '/' + key.name);
    if (!there) return there.error();
    if (*there) return arrival{arrival::occupied};

    // What cannot be read can be renamed but not copied, and a case is never torn apart: it would be paid for and then
    // never leave work/. So it waits where its producer can mend it.
    const auto copies_later = delivers_by_copy(work);
    if (!copies_later) return copies_later.error();
    if (which.elsewhere || *copies_later) {
        const auto unreadable = find_unreadable(*from, key.name);
        if (!unreadable) return unreadable.error();
        if (*unreadable)
            return arrival{arrival::not_permitted,
                           (**unreadable == "." ? "the folder" : **unreadable) + " of case " + key.name +
                               " may not be read by kycd's user, who has to copy the case to another file system; give "
                               "read permission on it, or take it away"};
    }

    auto copies = which.elsewhere ? make_private(work, {".assembly", ".copy", key.folder}) : result<folder>{folder{}};
    if (!copies) return copies.error();
    const folder& ready = which.elsewhere ? *copies : *from;
    const auto give_up = [&](fault why) {
        if (which.elsewhere) static_cast<void>(remove_tree(*copies, key.name));
        return why;
    };
    if (which.elsewhere) {
        if (auto copied = copy_tree(*from, key.name, *copies, key.name, access); !copied)
            return give_up(copied.error());
        fault_point("claim.copied", key.name);
    }
    {
        const auto opened = open_folder_in(ready, key.name);
        if (!opened) return give_up(opened.error());
        // A producer may own the folder and not let us: work/ itself is what shuts everybody else out.
        if (set_access(opened->get(), folder_mode(access), access) != 0)
            static_cast<void>(set_access(opened->get(), 0700, access_rules{}));
        const auto safe = make_names_safe(*opened);
        if (!safe && !which.elsewhere && is_refused(safe.error())) // a copy's folder is kycd's own
            return arrival{arrival::not_permitted,
                           safe.error().message() + "; let kycd's user change the names in the case's folder"};
        if (!safe) return give_up(safe.error());
    }
    // Not synced on one file system: a power cut that undoes the rename below leaves the case to be claimed again, and
    // the mark is older than the rename in the file system's own order.
    if (auto marked = put_flat_mark(work, key, which.flat, which.elsewhere); !marked) return give_up(marked.error());
    fault_point("claim.marked", key.name);
    const auto target = make_private(work, {key.folder});
    if (!target) return give_up(target.error());
    const int error = rename_no_replace(ready, key.name, *target, key.name);
    if (error != 0) return give_up(ready.trouble_with(error, "rename into work", key.name));
    fault_point("claim.renamed", key.name);
    if (!which.elsewhere) return arrival{arrival::done};

    if (auto done = sync(*target); !done) return done.error();
    if (auto done = sync(work); !done) return done.error();
    fault_point("claim.synced", key.name);
    if (auto done = remove_source(*from, work, which); !done) return done.error();
    return arrival{arrival::done};
}

result<bool> give_back(const folder& inbox, const folder& work, const staged_case& which,
                       const std::string& inbox_folder) {
    const auto parent = stage_parent(inbox, work, which);
    if (!parent) return parent.error();
    const auto target = open_folder_in(inbox, inbox_folder);
    if (!target && is_absent(target.error())) return false;
    if (!target) return target.error();
    {
        const auto parts = open_folder_in(*parent, which.key.name);
        if (!parts) return parts.error();
        const auto names = list_names(*parts);
        if (!names) return names.error();
        for (const auto& name : *names) {
            const auto taken = stat_in(*target, name);
            if (!taken) return taken.error();
            if (*taken) return false;
        }
        for (std::size_t i = 0; i < names->size(); ++i) {
            const auto& name = (*names)[i];
            const int error = rename_no_replace(*parts, name, *target, name);
            if (error == EEXIST || error == ENOTEMPTY) {
                // Dropped again in this moment. A case is never torn in two: what went back is fetched again.
                while (i-- > 0) {
                    const int lost = rename_no_replace(*target, (*names)[i], *parts, (*names)[i]);
                    if (lost != 0 && lost != ENOENT)
                        return target->trouble_with(lost, "rename out of the inbox", (*names)[i]);
                }
                return false;
            }
            if (error != 0) return parts->trouble_with(error, "rename back to the inbox", name);
            fault_point("claim.part_given_back", which.key.name);
        }
    }
    if (::unlinkat(parent->get(), which.key.name.c_str(), AT_REMOVEDIR) != 0)
        return parent->trouble_with(errno, "remove", which.key.name);
    return true;
}

result<bool> settle_staged(const folder& inbox, const folder& work, const staged_case& which,
                           const access_rules& access) {
    const auto& key = which.key;
    if (which.elsewhere) {
        const auto marked = has_mark(work, copied_marks(which), key.name);
        if (!marked) return marked.error();
        const auto claimed = stat_in(work, key.folder + '/' + key.name);
        if (!claimed) return claimed.error();
        const auto claimed_flat = has_flat_mark(work, key);
        if (!claimed_flat) return claimed_flat.error();
        // A name is staged only while work/ has no case of it, so the case there is the copy of this one.
        if (*marked || (*claimed && *claimed_flat == which.flat)) {
            // The process may have ended between the rename and its sync: the copy is the only one from here on.
            if (!*marked) {
                const auto target = open_folder_in(work, key.folder);
                if (!target) return target.error();
                if (auto synced = sync(*target); !synced) return synced.error();
                if (auto synced = sync(work); !synced) return synced.error();
            }
            const auto parent = stage_parent(inbox, work, which);
            if (!parent) return parent.error();
            if (auto removed = remove_source(*parent, work, which); !removed) return removed.error();
            fault_point("recover.source_removed", key.name);
            return true;
        }
    }
    if (which.flat) {
        auto back = give_back(inbox, work, which, key.folder);
        if (!back || *back) return back;
    }
    const auto brought = bring_in(inbox, work, which, access);
    if (!brought) return brought.error();
    if (brought->how == arrival::not_permitted) return last_fault(EACCES, brought->why);
    return brought->how == arrival::done;
}

} // namespace kyc::fs
