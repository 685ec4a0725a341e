#include "fs/delivery.hpp"

#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_marks.hpp"
#include "fs/claim_steps.hpp"
#include "fs/random_id.hpp"
#include "fs/root_mount.hpp"
#include "fs/tree.hpp"

#include <array>
#include <cerrno>
#include <sstream>

namespace kyc::fs {

namespace {

constexpr const char* notes = ".delivering";

/// The note in work/.delivering/<folder>/<name>: three lines, for a path may hold spaces.
///
/// `id` names <root>/.kycd/<id>, which no other case or daemon ever uses. While the state is "ready" the copy in there
/// is complete; so when <id> is there and the copy is not, the rename has happened and the case has arrived. An <id>
/// that is not there proves nothing: the share may be gone.
struct note {
    std::string state; ///< "copying" or "ready"
    std::string id;
    std::string target; ///< <root>/<folder>/<name>

    [[nodiscard]] std::string text() const { return state + '\n' + id + '\n' + target + '\n'; }
};

std::optional<note> parse_note(const std::string& text) {
    std::istringstream lines{text};
    note read;
    if (!std::getline(lines, read.state) || !std::getline(lines, read.id)) return std::nullopt;
    // The rest: a folder's name may hold a line feed.
    read.target = text.substr(read.state.size() + read.id.size() + 2);
    if (read.target.empty() || read.target.back() != '\n') return std::nullopt;
    read.target.pop_back();
    if (read.id.empty() || read.id.find('/') != std::string::npos) return std::nullopt;
    return read;
}

result<void> remove_from_work(const folder& work, const case_key& key) {
    const auto service = open_folder_in(work, key.folder);
    if (!service && is_absent(service.error())) return {};
    if (!service) return service.error();
    if (auto done = remove_tree(*service, key.name); !done) return done;
    return sync(*service);
}

/// The note is gone for good when this returns.
result<void> remove_note(const folder& work, const case_key& key) {
    if (auto done = clear_mark(work, {notes, key.folder}, key.name); !done) return done;
    const auto parent = open_folder_in(work, std::string{notes} + '/' + key.folder);
    if (!parent && is_absent(parent.error())) return {};
    if (!parent) return parent.error();
    return sync(*parent);
}

/// A delivery that has not happened: the copy goes first and the note after it, for without the note nobody would ever
/// find the copy again. Beside a note that says "ready", though, a copy that is not there means that the case has
/// arrived, and its last copy is removed from work/: so the note says "copying" before anything is removed.
result<void> call_off(const folder& work, const folder& staging, const case_key& key, note progress) {
    if (progress.state != "copying") {
        progress.state = "copying";
        if (auto done = write_note(work, {notes, key.folder}, key.name, progress.text()); !done) return done;
        fault_point("deliver.copy_called_off", key.name);
    }
    static_cast<void>(remove_tree(staging, progress.id));
    return remove_note(work, key);
}

/// Last of all; what stays behind is an empty folder.
result<void> forget(const folder& work, const folder& staging, const std::string& id, const case_key& key) {
    forget_marks(work, key);
    // A note that stayed would be taken for the next case of this name.
    if (auto done = remove_note(work, key); !done) return done;
    static_cast<void>(remove_tree(staging, id));
    return {};
}

} // namespace

std::string numbered_name(const std::string& name, int count) {
    return count == 1 ? name : name + '~' + std::to_string(count);
}

result<std::filesystem::path> deliver_by_copy(const folder& work, const folder& root, const folder& target,
                                              const case_key& key, const access_rules& access) {
    const auto note_folder = make_private(work, {notes, key.folder});
    if (!note_folder) return note_folder.error();
    const auto id = random_id();
    if (!id) return id.error();

    note progress{"copying", *id, (target.path / key.name).string()};
    if (auto done = write_note(work, {notes, key.folder}, key.name, progress.text()); !done) return done.error();
    fault_point("deliver.copy_noted", key.name);
    const auto staging = make_private(root, {".kycd"});
    if (!staging) return staging.error();
    const auto own = make_private(*staging, {*id});
    if (!own) return own.error();
    const auto source = open_folder_in(work, key.folder);
    if (!source) return source.error();
    const auto give_up = [&](fault why) {
        static_cast<void>(call_off(work, *staging, key, progress));
        return why;
    };
    if (auto done = copy_tree(*source, key.name, *own, key.name, access); !done) return give_up(done.error());
    if (auto done = sync(*own); !done) return give_up(done.error());
    if (auto done = sync(*staging); !done) return give_up(done.error());
    fault_point("deliver.copied", key.name);

    progress.state = "ready";
    for (int count = 1;; ++count) {
        const std::string name = numbered_name(key.name, count);
        const auto there = stat_in(target, name);
        if (!there) return give_up(there.error());
        if (*there) continue;
        progress.target = (target.path / name).string();
        if (auto done = write_atomically(*note_folder, key.name, progress.text(), 0600); !done)
            return give_up(done.error());
        fault_point("deliver.copy_ready", key.name);
        const int error = rename_no_replace(*own, key.name, target, name);
        if (error == EEXIST || error == ENOTEMPTY) continue;
        // The note stays: a share that goes away may have renamed and lost the answer. The next call looks.
        if (error != 0) return target.trouble_with(error, "rename into place", name);
        break;
    }
    fault_point("deliver.copy_renamed", key.name);
    // The case has arrived: after a fault the next call ends what is left.
    if (auto done = sync(target); !done) return done.error();
    if (auto done = sync(*own); !done) return done.error();
    fault_point("deliver.copy_synced", key.name);
    if (auto done = remove_from_work(work, key); !done) return done.error();
    fault_point("deliver.work_removed", key.name);
    if (auto done = forget(work, *staging, *id, key); !done) return done.error();
    fault_point("deliver.copy_forgotten", key.name);
    return std::filesystem::path{progress.target};
}

result<std::optional<std::filesystem::path>> settle_delivery(const spool_layout& layout, const folder& work,
                                                             const case_key& key) {
    using outcome = std::optional<std::filesystem::path>;
    const std::string where = std::string{notes} + '/' + key.folder + '/' + key.name;
    const auto found = stat_in(work, where);
    if (!found) return found.error();
    if (!*found) return outcome{};
    const auto text = read_text(work, where, 64 << 10);
    if (!text) return text.error();
    const auto progress = parse_note(*text);
    if (progress) {
        const auto root_path = std::filesystem::path{progress->target}.parent_path().parent_path();
        // A root that is missing or not mounted is a fault: whether the case has arrived cannot be told.
        const auto root = open_root_at(layout, root_path);
        if (!root) return root.error();
        const auto staging = open_folder_in(*root, ".kycd");
        const auto own = staging ? open_folder_in(*staging, progress->id) : result<folder>{staging.error()};
        if (!own && !is_absent(own.error())) return own.error();
        if (own) {
            const auto copy = stat_in(*own, key.name);
            if (!copy) return copy.error();
            if (progress->state == "ready" && !*copy) {
                // A reader may have taken the case, and the service's folder with it.
                const auto target = open_folder_in(*root, key.folder);
                if (!target && !is_absent(target.error())) return target.error();
                if (target) {
                    if (auto done = sync(*target); !done) return done.error();
                }
                if (auto done = remove_from_work(work, key); !done) return done.error();
                fault_point("recover.work_removed", key.name);
                if (auto done = forget(work, *staging, progress->id, key); !done) return done.error();
                return outcome{progress->target};
            }
            if (auto done = call_off(work, *staging, key, *progress); !done) return done.error();
            fault_point("recover.note_removed", key.name);
            return outcome{};
        }
    }
    if (auto done = remove_note(work, key); !done) return done.error();
    return outcome{};
}

} // namespace kyc::fs
