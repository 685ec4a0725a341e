#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_folder.hpp"
#include "fs/case_marks.hpp"
#include "fs/claim_steps.hpp"
#include "fs/delivery.hpp"
#include "fs/inbox_hold.hpp"
#include "fs/root_mount.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <functional>

namespace kyc::fs {

namespace {

/// Collects what could not be put in order.
class stray_list {
  public:
    explicit stray_list(std::vector<std::string>* into) : into_(into) {}

    void add(std::string sentence) {
        if (into_ != nullptr) into_->push_back(std::move(sentence));
    }

  private:
    std::vector<std::string>* into_;
};

bool is_shortage(const fault& met) {
    const int error = met.code.value();
    return error == EMFILE || error == ENFILE || error == ENOMEM;
}

bool is_hidden(const std::string& name) {
    return name.starts_with('.');
}

/// Calls `visit` for each <parent>/<folder>/<name>; folders that start with a dot are passed over, and a parent that is
/// not there has nothing in it.
result<void> for_each_case(const folder& root, const std::string& parent,
                           const std::function<result<void>(const folder&, const case_key&)>& visit) {
    const auto opened = open_folder_in(root, parent);
    if (!opened && is_absent(opened.error())) return {};
    if (!opened) return opened.error();
    const auto folders = list_names(*opened);
    if (!folders) return folders.error();
    for (const auto& name : *folders) {
        if (is_hidden(name)) continue;
        const auto found = stat_in(*opened, name);
        if (!found) return found.error();
        if (!*found || !S_ISDIR((*found)->st_mode)) continue;
        const auto inner = open_folder_in(*opened, name);
        if (!inner) return inner.error();
        const auto cases = list_names(*inner);
        if (!cases) return cases.error();
        for (const auto& which : *cases) {
            if (auto done = visit(*inner, case_key{name, which}); !done) return done;
        }
    }
    return {};
}

result<void> settle_stage(const folder& inbox, const folder& work, bool flat, bool elsewhere,
                          const access_rules& access, stray_list& strays) {
    const std::string stage = elsewhere ? ".kycd" : ".assembly";
    return for_each_case(elsewhere ? inbox : work, flat ? stage + "/.flat" : stage,
                         [&](const folder& parent, const case_key& key) -> result<void> {
                             const auto settled = settle_staged(inbox, work, staged_case{key, flat, elsewhere}, access);
                             fault_point("recover.claim_settled", key.name);
                             if (!settled && is_shortage(settled.error())) return settled.error();
                             // A source that can be neither removed nor marked would be claimed, and paid, again once
                             // its copy has left work/: nothing may go on.
                             const auto copy = stat_in(work, key.folder + '/' + key.name);
                             if (!settled && elsewhere && (!copy || *copy)) return settled.error();
                             const auto where = (parent.path / key.name).string();
                             if (!settled) strays.add(where + " stays half claimed: " + settled.error().message());
                             if (settled && !*settled)
                                 strays.add(where + " stays half claimed: a case of this name is in work/; " +
                                            "it is tried again at the next start");
                             return {};
                         });
}

/// What a write in the case's folder left when the machine stopped. Only kycd writes such names there.
void remove_temporary_files(const folder& where) {
    const auto names = list_names(where);
    if (!names) return;
    for (const auto& name : *names) {
        if (is_temporary_name(name)) ::unlinkat(where.get(), name.c_str(), 0);
    }
}

/// The rename into work/ was the last change of the folder itself, until something is written in it.
std::optional<std::chrono::system_clock::time_point> last_moved(const folder& which) {
    struct stat found {};

    if (::fstat(which.get(), &found) != 0) return std::nullopt;
    return time_of(found.st_ctim);
}

result<std::vector<claimed_case>> list_work(const spool_layout& layout, const folder& work, stray_list& strays) {
    std::vector<claimed_case> cases;
    const auto names = list_names(work);
    if (!names) return names.error();
    for (const auto& name : *names) {
        const auto found = stat_in(work, name);
        if (!found) return found.error();
        if (!is_hidden(name) && *found && !S_ISDIR((*found)->st_mode))
            strays.add((work.path / name).string() + " is no case: only kycd puts anything into work/");
    }
    auto listed = for_each_case(work, ".", [&](const folder& parent, const case_key& key) -> result<void> {
        const auto opened = open_folder_in(parent, key.name);
        // Without descriptors or memory no case can be read: that is not this one's trouble.
        if (!opened && is_shortage(opened.error())) return opened.error();
        if (!opened) {
            strays.add(layout.work_case(key).string() + " is no case folder: " + opened.error().code.message());
            return {};
        }
        const auto flat = has_flat_mark(work, key);
        if (!flat) return flat.error();
        const auto claimed_at = last_moved(*opened); // before anything in it is removed
        remove_temporary_files(*opened);
        fault_point("recover.temporaries_removed", key.name);
        auto refused = refusal_of(work, key);
        if (!refused) return refused.error();
        cases.push_back(claimed_case{key, layout.work_case(key), *flat, std::move(*refused), claimed_at});
        return {};
    });
    if (!listed) return listed.error();
    return cases;
}

} // namespace

result<std::vector<case_key>> half_claimed(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    const auto ours = stages_here(*inbox, *work);
    if (!ours) return ours.error();
    std::vector<case_key> keys;
    for (const auto* stage : {".assembly", ".assembly/.flat", ".kycd", ".kycd/.flat"}) {
        const bool elsewhere = std::string_view(stage).starts_with(".kycd");
        if (elsewhere && !*ours) continue;
        auto done =
            for_each_case(elsewhere ? *inbox : *work, stage, [&](const folder&, const case_key& key) -> result<void> {
                keys.push_back(key);
                return {};
            });
        if (!done) return done.error();
    }
    return keys;
}

result<std::vector<claimed_case>> recover_work(const spool_layout& layout, const access_rules& access,
                                               std::vector<std::string>* strays_out) {
    stray_list strays{strays_out};
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();

    // Copies that never became cases: their sources are still in <inbox>/.kycd.
    if (const auto assembly = make_private(*work, {".assembly"}); !assembly)
        return assembly.error();
    else if (auto done = remove_tree(*assembly, ".copy"); !done)
        return done.error();
    fault_point("recover.copies_removed");

    // Deliveries before claims, so that a name that has left is free again.
    auto done = for_each_case(*work, ".delivering", [&](const folder& parent, const case_key& key) -> result<void> {
        if (is_temporary_name(key.name)) {
            ::unlinkat(parent.get(), key.name.c_str(), 0);
            return {};
        }
        const auto settled = settle_delivery(layout, *work, key);
        fault_point("recover.delivery_settled", key.name);
        if (!settled)
            strays.add(layout.work_case(key).string() + " stays half delivered: " + settled.error().message());
        return {};
    });
    const auto ours = stages_here(*inbox, *work);
    if (!ours) return ours.error();
    for (const bool elsewhere : {false, true}) {
        if (elsewhere && !*ours) continue;
        for (const bool flat : {false, true}) {
            if (done) done = settle_stage(*inbox, *work, flat, elsewhere, access, strays);
        }
    }
    if (!done) return done.error();

    auto cases = list_work(layout, *work, strays);
    if (!cases) return cases;
    for (const auto* marks : {".flat", ".refused"}) {
        done = for_each_case(*work, marks, [&](const folder& parent, const case_key& key) -> result<void> {
            if (is_temporary_name(key.name)) {
                ::unlinkat(parent.get(), key.name.c_str(), 0);
                return {};
            }
            const auto there = stat_in(*work, key.folder + '/' + key.name);
            if (!there || *there) return {};
            // What stays half claimed keeps its marks.
            const auto staged = find_staged(*inbox, *work, key);
            if (staged && !*staged) forget_marks(*work, key);
            return {};
        });
        if (!done) return done.error();
    }
    fault_point("recover.done");
    return cases;
}

} // namespace kyc::fs
