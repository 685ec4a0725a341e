#include "core/case_name.hpp"
#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/case_marks.hpp"
#include "fs/claim_steps.hpp"
#include "fs/inbox_hold.hpp"
#include "fs/root_mount.hpp"

#include <cerrno>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <set>

namespace kyc::fs {

namespace {

enum class staging {
    done,
    gone,
    leftover,          ///< an interrupted claim of this name is still staged
    other_file_system, ///< nothing was moved
    not_permitted
};

struct staging_outcome {
    staging how;
    std::string why{}; ///< not permitted: whose permissions have to be mended

    staging_outcome(staging how_, std::string why_ = {}) : how(how_), why(std::move(why_)) {}
};

/// Entries of different names can become cases of one name: a folder and flat files, or a name that is encoded and one
/// that is spelt so. Their claims would set each other's marks, so they take turns.
class turn {
  public:
    explicit turn(std::filesystem::path work_case) : name_(std::move(work_case)) {
        std::unique_lock lock(mutex());
        left().wait(lock, [this] { return !taken().contains(name_); });
        taken().insert(name_);
    }

    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    ~turn() {
        {
            const std::lock_guard lock(mutex());
            taken().erase(name_);
        }
        left().notify_all();
    }

  private:
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }

    static std::condition_variable& left() {
        static std::condition_variable one;
        return one;
    }

    static std::set<std::filesystem::path>& taken() {
        static std::set<std::filesystem::path> one;
        return one;
    }

    std::filesystem::path name_;
};

/// Cases that came into work/ by a claim that then met trouble, and that nobody has in hand. What else lies there
/// without being worked on (because it could not be read at the start, say) may have been paid for.
class unreported_cases {
  public:
    static void add(const std::filesystem::path& work_case) {
        const std::lock_guard lock(mutex());
        paths().insert(work_case);
    }

    static bool take(const std::filesystem::path& work_case) {
        const std::lock_guard lock(mutex());
        return paths().erase(work_case) != 0;
    }

  private:
    static std::mutex& mutex() {
        static std::mutex one;
        return one;
    }

    static std::set<std::filesystem::path>& paths() {
        static std::set<std::filesystem::path> one;
        return one;
    }
};

bool is_taken(int error) {
    return error == EEXIST || error == ENOTEMPTY;
}

bool is_refused(int error) {
    return error == EACCES || error == EPERM;
}

/// Whether kycd's user may add and remove names in the folder.
bool may_change(const folder& where) {
    return ::faccessat(where.get(), ".", W_OK | X_OK, AT_EACCESS) == 0;
}

/// A refused rename. When kycd's own folder is what refuses, that is the system's trouble and not the entry's.
result<staging_outcome> refused_rename(int error, const folder& source, const std::string& name, const folder& own) {
    if (!may_change(own)) return own.trouble_with(error, "move a case of the inbox into");
    const auto object = may_change(source) ? source.path / name : source.path;
    return staging_outcome{staging::not_permitted,
                           source.trouble_with(error, "rename out of the inbox", name).message() +
                               "; give kycd's user or group write permission on " + object.string()};
}

result<staging_outcome> stage_whole(const folder& source, const std::string& name, const folder& parent,
                                    const std::string& new_name) {
    const int error = rename_no_replace(source, name, parent, new_name);
    if (error == 0) return staging_outcome{staging::done};
    if (error == ENOENT) return staging_outcome{staging::gone};
    if (error == EXDEV) return staging_outcome{staging::other_file_system};
    if (is_taken(error)) return staging_outcome{staging::leftover};
    if (is_refused(error)) return refused_rename(error, source, name, parent);
    return source.trouble_with(error, "rename out of the inbox", name);
}

/// Moves the files that are the case's into a folder of their own. What arrives later for the same stem is a new case.
result<staging_outcome> stage_parts(const folder& source, const std::vector<std::string>& names, const folder& parent,
                                    const std::string& new_name) {
    bool created = false;
    const auto parts = make_folder_in(parent, new_name, 0700, &created);
    if (!parts) return parts.error();
    if (!created) return staging_outcome{staging::leftover};
    bool moved = false;
    for (const auto& name : names) {
        const auto found = stat_in(source, name);
        if (!found) return found.error();
        if (!*found || S_ISDIR((*found)->st_mode)) continue;
        const int error = rename_no_replace(source, name, *parts, name);
        if (error == ENOENT) continue;
        if (error == EXDEV && !moved) {
            ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
            return staging_outcome{staging::other_file_system};
        }
        if (error != 0) {
            // The folder must not stay behind when nothing is in it; with something in it the caller gives that back.
            ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
            if (is_refused(error)) return refused_rename(error, source, name, *parts);
            return source.trouble_with(error, "rename out of the inbox", name);
        }
        moved = true;
        fault_point("claim.part_staged", new_name);
    }
    if (moved) return staging_outcome{staging::done};
    ::unlinkat(parent.get(), new_name.c_str(), AT_REMOVEDIR);
    return staging_outcome{staging::gone};
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

/// Back to where the producer put it, after a fault on the way. Failing leaves it to resume_claim() or recover_work().
void undo(const folder& inbox, const folder& work, const staged_case& staged, const inbox_entry& entry) {
    if (staged.flat) {
        static_cast<void>(give_back(inbox, work, staged, entry.folder));
        return;
    }
    const auto parent = stage_parent(inbox, work, staged);
    const auto source = open_folder_in(inbox, entry.folder);
    if (parent && source) static_cast<void>(rename_no_replace(*parent, staged.key.name, *source, entry.name));
}

/// The case of this name that lies in work/, if one does.
result<std::optional<claimed_case>> case_in_work(const spool_layout& layout, const folder& work, const case_key& key) {
    using outcome = std::optional<claimed_case>;
    const auto there = stat_in(work, key.folder + '/' + key.name);
    if (!there) return there.error();
    if (!*there) return outcome{};
    const auto flat = has_flat_mark(work, key);
    if (!flat) return flat.error();
    auto refused = refusal_of(work, key);
    if (!refused) return refused.error();
    return outcome{claimed_case{key, layout.work_case(key), *flat, std::move(*refused)}};
}

/// Finishes or undoes what is staged. The case if that brought it into work/ just now.
result<std::optional<claimed_case>> settle_and_report(const spool_layout& layout, const folder& inbox,
                                                      const folder& work, const staged_case& staged,
                                                      const access_rules& access) {
    const auto& key = staged.key;
    const auto before = stat_in(work, key.folder + '/' + key.name);
    if (!before) return before.error();
    const auto settled = settle_staged(inbox, work, staged, access);
    if (!*before) {
        // Also after a fault behind the rename: the next call has to report it.
        const auto after = stat_in(work, key.folder + '/' + key.name);
        if (!after || *after) unreported_cases::add(layout.work_case(key));
    }
    if (!settled) return settled.error();
    auto which = case_in_work(layout, work, key);
    if (which && *which && !unreported_cases::take(layout.work_case(key))) return std::optional<claimed_case>{};
    return which;
}

} // namespace

result<claim_outcome> claim(const spool_layout& layout, const inbox_entry& entry, const service_table& services,
                            const access_rules& access, const std::vector<std::string>& seen, const failure* refused) {
    const case_key key = key_of(entry);
    const turn mine(layout.work_case(key));
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto source = open_folder_in(*inbox, entry.folder);
    if (!source && is_absent(source.error())) return claim_outcome{claim_refusal::gone};
    if (!source) return source.error();

    const auto occupant = stat_in(*work, key.folder + '/' + key.name);
    if (!occupant) return occupant.error();
    if (*occupant) return claim_outcome{claim_refusal::occupied};
    const auto leftover = find_staged(*inbox, *work, key);
    if (!leftover) return leftover.error();
    if (*leftover) {
        // Of an earlier claim that could neither be finished nor undone. It goes first.
        auto which = settle_and_report(layout, *inbox, *work, **leftover, access);
        if (!which) return which.error();
        if (*which) return claim_outcome{std::move(**which)};
        return claim_outcome{claim_refusal::occupied};
    }

    staged_case staged{key, entry.flat, false};
    if (!entry.flat) {
        const auto found = stat_in(*source, entry.name);
        if (!found) return found.error();
        if (!*found) return claim_outcome{claim_refusal::gone};
        // A link or a FIFO in a case's place gets a folder around it, in which failed/ can show it with its error.json.
        staged.flat = !S_ISDIR((*found)->st_mode);
    }
    // Before anything moves: from the first rename on, recovery may find the case under its new name, and without its
    // mark a refused one would look as good as any other.
    if (auto noted = put_refusal(*work, key, refused); !noted) return noted.error();
    if (refused != nullptr) fault_point("claim.refusal_noted", key.name);

    const auto stage = [&]() -> result<staging_outcome> {
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
    if (step && step->how == staging::other_file_system) {
        // Somebody may have given the inbox to another spool while the share, and its lock with it, was away.
        const auto ours = stages_here(*inbox, *work);
        if (!ours) return ours.error();
        if (!*ours) return inbox->trouble_with(ESTALE, "claim out of another kycd's inbox");
        staged.elsewhere = true;
        step = stage();
    }
    if (!step || step->how == staging::not_permitted) {
        if (staged.flat) undo(*inbox, *work, staged, entry);
        if (!step) return step.error();
        return claim_outcome{claim_refusal{claim_refusal::not_permitted, std::move(step->why)}};
    }
    if (step->how == staging::other_file_system)
        return source->trouble_with(EXDEV, "rename within the inbox (is a mount inside it?)", entry.name);
    if (step->how == staging::gone) return claim_outcome{claim_refusal::gone};
    if (step->how == staging::leftover) return claim_outcome{claim_refusal::occupied};
    fault_point("claim.staged", key.name);

    auto brought = result<arrival>{arrival{arrival::done}};
    // Where the case is copied, its name must not come back in the inbox after a power cut, for its source is removed.
    if (staged.elsewhere)
        if (auto synced = sync(*source); !synced) brought = synced.error();
    if (brought) brought = bring_in(*inbox, *work, staged, access);
    if (!brought) {
        const auto arrived = stat_in(*work, key.folder + '/' + key.name);
        // A fault after the last rename: the case is in work/ and its source must not become a second one.
        if (arrived && !*arrived)
            undo(*inbox, *work, staged, entry);
        else
            unreported_cases::add(layout.work_case(key));
        return brought.error();
    }
    if (brought->how != arrival::done) {
        undo(*inbox, *work, staged, entry);
        if (brought->how == arrival::occupied) return claim_outcome{claim_refusal::occupied};
        return claim_outcome{claim_refusal{claim_refusal::not_permitted, std::move(brought->why)}};
    }
    return claim_outcome{claimed_case{key, layout.work_case(key), staged.flat,
                                      refused != nullptr ? std::optional{*refused} : std::nullopt}};
}

result<std::optional<claimed_case>> resume_claim(const spool_layout& layout, const case_key& key,
                                                 const access_rules& access) {
    const turn mine(layout.work_case(key));
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto staged = find_staged(*inbox, *work, key);
    if (!staged) return staged.error();
    if (*staged) {
        auto which = settle_and_report(layout, *inbox, *work, **staged, access);
        if (!which || *which) return which;
    }
    auto which = case_in_work(layout, *work, key);
    if (which && *which && !unreported_cases::take(layout.work_case(key))) return std::optional<claimed_case>{};
    return which;
}

} // namespace kyc::fs
