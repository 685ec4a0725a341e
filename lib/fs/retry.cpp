#include "fs/retry.hpp"

#include "core/case_name.hpp"
#include "core/fault_point.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_open.hpp"
#include "fs/claim_steps.hpp"
#include "fs/file_state.hpp"
#include "fs/random_id.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/service_folder.hpp"
#include "fs/tree.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>

namespace kyc::fs {

namespace {

constexpr const char* error_file = "error.json";

/// Copies on their way into an inbox on another file system: <inbox>/.kycd-retry/<id>/<name>.
constexpr const char* staging_folder = ".kycd-retry";

/// In the case's folder in failed/ for as long as something may be in <inbox>/.kycd-retry/<id>: a line that says how
/// far it has come, and the id.

/// The note's word while what is there is worth nothing …
constexpr const char* copying = "copying";

/// … and from when it is all there. Then only renames out of there bring anything into the inbox, so that an
/// interrupted retry cannot make two cases of one.
constexpr const char* copied = "copied";

bool is_taken(int error) {
    return error == EEXIST || error == ENOTEMPTY;
}

/// Manifest first, since a case may be complete without it; the marker last, since it says that all is there.
int place_in_order(const service& target, const std::string& file) {
    switch (read_flat_name(target, file).what) {
    case flat_name::kind::manifest:
        return 0;
    case flat_name::kind::other:
        return 1;
    case flat_name::kind::image:
        return 2;
    case flat_name::kind::marker:
        return 3;
    }
    return 1;
}

class retry {
  public:
    retry(const failed_case& which, const service* target, const access_rules& access)
        : which_(which), target_(target != nullptr ? *target : nobody_), access_(access) {}

    result<retried> run(const spool_layout& layout) {
        const auto& place = which_.place;
        auto failed = open_root(layout, spool_root::failed);
        if (!failed) return failed.error();
        auto from = open_folder_in(*failed, place.folder);
        if (!from && is_absent(from.error())) return not_there();
        if (!from) return from.error();
        from_ = std::move(*from);
        auto opened = open_folder_in(from_, place.name);
        if (!opened && is_absent(opened.error())) return not_there();
        if (!opened) return opened.error();
        case_ = std::move(*opened);
        auto inbox = open_root(layout, spool_root::inbox);
        if (!inbox) return inbox.error();
        inbox_ = std::move(*inbox);
        auto to = open_service_folder(inbox_, place.folder);
        if (!to) return to.error();
        to_ = std::move(*to);

        const auto emptied = end_earlier_removal();
        if (!emptied) return emptied.error();
        if (*emptied) return not_there();
        if (auto done = read_note(); !done) return done.error();
        if (state_ == copied) return go_on_moving();
        if (!state_.empty()) {
            if (auto done = call_off(); !done) return done.error();
        }
        auto begun = begin();
        if (!begun) return begun.error();
        if (!begun->empty()) return refused(*begun);
        return which_.flat ? move_files() : move_folder();
    }

  private:
    static retried refused(std::string why) { return {{}, std::move(why)}; }

    static retried not_there() { return refused("it is not in failed/ any more"); }

    retried taken() const {
        return refused(to_.path.string() + " holds a case of this name already; retry when it is gone");
    }

    retried moved() const { return {which_.flat ? to_.path : to_.path / which_.name, {}}; }

    /// What an earlier call left to remove when it ended before its last step; whether that was all there was.
    result<bool> end_earlier_removal() {
        const auto names = list_names(case_);
        if (!names) return names.error();
        if (!names->empty()) return false;
        if (::unlinkat(from_.get(), which_.place.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
            return from_.trouble_with(errno, "remove what is left of", which_.place.name);
        return true;
    }

    /// Into state_ and id_; both empty without a note.
    result<void> read_note() {
        const auto note = stat_in(case_, moving_note);
        if (!note) return note.error();
        if (!*note) return {};
        const auto text = read_text(case_, moving_note, 64);
        if (!text) return text.error();
        const auto line = text->find('\n');
        state_ = text->substr(0, line);
        id_ = line == std::string::npos ? std::string() : text->substr(line + 1);
        const bool sound = id_.size() == 32 && id_.find_first_not_of("0123456789abcdef") == std::string::npos;
        if ((state_ != copying && state_ != copied) || !sound) return case_.trouble_with(EBADMSG, "read", moving_note);
        return {};
    }

    result<void> write_note(const char* state) {
        state_ = state;
        return write_atomically(case_, moving_note, state_ + '\n' + id_, 0600);
    }

    /// Nothing of the copy has reached the inbox: it goes, and the note last, for without the note nobody would find
    /// it.
    result<void> call_off() {
        if (state_ != copying) {
            if (auto done = write_note(copying); !done) return done;
        }
        if (const auto staging = open_folder_in(inbox_, staging_folder)) {
            if (auto done = remove_tree(*staging, id_); !done) return done;
        } else if (!is_absent(staging.error())) {
            return staging.error();
        }
        state_.clear();
        if (::unlinkat(case_.get(), moving_note, 0) != 0 && errno != ENOENT)
            return case_.trouble_with(errno, "remove", moving_note);
        return sync(case_);
    }

    /// Sets error.json aside. A sentence when the case cannot go back.
    result<std::string> begin() {
        const auto error = stat_in(case_, error_file);
        if (!error) return error.error();
        const auto mark = stat_in(case_, retried_mark);
        if (!mark) return mark.error();
        if (!*error && !*mark) return std::string("it has no error.json: kycd did not put it there; move it by hand");
        resumed_ = !*error;
        if (!resumed_ || !which_.flat) {
            const auto why = name_in_the_way();
            if (!why) return why.error();
            if (!why->empty()) return *why;
        }
        ::unlinkat(case_.get(), temporary_name(moving_note).c_str(), 0);
        if (resumed_) return std::string();
        if (::renameat(case_.get(), error_file, case_.get(), retried_mark) != 0)
            return case_.trouble_with(errno, "set aside", error_file);
        fault_point("retry.marked", which_.name);
        return std::string();
    }

    /// For a flat case also a file of the same stem: it would become a part of it.
    result<std::string> name_in_the_way() {
        const auto there = stat_in(to_, which_.name);
        if (!there) return there.error();
        if (*there) return taken().why_not;
        if (!which_.flat) return std::string();
        bool found = false;
        const auto read = intake::for_each_name(to_.get(), [&](const char* name, unsigned char) {
            found = found || (!is_junk(name) && read_flat_name(target_, name).case_name == which_.name);
        });
        if (!read) return read.error();
        return found ? taken().why_not : std::string();
    }

    void undo_begin() { ::renameat(case_.get(), retried_mark, case_.get(), error_file); }

    /// The daemon may have claimed it already, and renamed what is kycd's: the folder is still the one that is open.
    void forget_error() {
        if (::unlinkat(case_.get(), retried_mark, 0) != 0 && errno == ENOENT)
            ::unlinkat(case_.get(), (std::string(retried_mark) + ".dropped").c_str(), 0);
    }

    result<retried> move_folder() {
        const int error = rename_no_replace(from_, which_.place.name, to_, which_.name);
        if (error == EXDEV) return move_by_copy();
        if (error == ENOENT) return not_there();
        if (error != 0) {
            undo_begin();
            if (is_taken(error)) return taken();
            return from_.trouble_with(error, "rename into " + to_.path.string(), which_.place.name);
        }
        fault_point("retry.renamed", which_.name);
        forget_error();
        if (auto done = sync(to_); !done) return done.error();
        if (auto done = sync(from_); !done) return done.error();
        return moved();
    }

    /// What goes back of a flat case, in the order in which it does.
    result<std::vector<std::string>> flat_files(const folder& where) const {
        auto names = list_names(where);
        if (!names) return names.error();
        std::erase_if(*names, [](const std::string& name) { return is_own_name(name); });
        std::stable_sort(names->begin(), names->end(), [this](const std::string& left, const std::string& right) {
            return place_in_order(target_, left) < place_in_order(target_, right);
        });
        return names;
    }

    result<retried> move_files() {
        const auto names = flat_files(case_);
        if (!names) return names.error();
        std::vector<std::string> done;
        const auto back = [&]() {
            for (auto name = done.rbegin(); name != done.rend(); ++name)
                static_cast<void>(rename_no_replace(to_, *name, case_, *name));
            undo_begin();
        };
        for (const auto& name : *names) {
            const int error = rename_no_replace(case_, name, to_, name);
            if (error == ENOENT) continue;
            if (error == EXDEV && done.empty()) return move_by_copy();
            if (error != 0) {
                // What the daemon has claimed meanwhile cannot come back; it ends as an incomplete case.
                back();
                if (is_taken(error)) return taken();
                return case_.trouble_with(error, "rename into " + to_.path.string(), name);
            }
            done.push_back(name);
            fault_point("retry.file_moved", which_.name);
        }
        if (auto synced = sync(to_); !synced) return synced.error();
        ::unlinkat(case_.get(), retried_mark, 0);
        ::unlinkat(case_.get(), "result.json", 0); // of a TASK_UNREAD: there is going to be another one
        if (::unlinkat(from_.get(), which_.place.name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
            return from_.trouble_with(errno, "remove what is left of", which_.place.name);
        if (auto synced = sync(from_); !synced) return synced.error();
        return moved();
    }

    result<retried> move_by_copy() {
        auto id = random_id();
        if (!id) return id.error();
        id_ = std::move(*id);
        const auto give_up = [&](fault why) {
            if (call_off()) undo_begin();
            return why;
        };
        if (auto done = write_note(copying); !done) return give_up(done.error());
        const auto staging = make_private(inbox_, {staging_folder});
        if (!staging) return give_up(staging.error());
        const auto own = make_private(*staging, {id_});
        if (!own) return give_up(own.error());
        if (auto done = copy_tree(from_, which_.place.name, *own, which_.name, access_); !done)
            return give_up(done.error());
        {
            const auto copy = open_folder_in(*own, which_.name);
            if (!copy) return give_up(copy.error());
            for (const auto* name : {retried_mark, moving_note})
                ::unlinkat(copy->get(), name, 0);
            if (auto done = sync(*copy); !done) return give_up(done.error());
        }
        if (auto done = sync(*own); !done) return give_up(done.error());
        if (auto done = sync(*staging); !done) return give_up(done.error());
        if (auto done = sync(inbox_); !done) return give_up(done.error());
        if (auto done = write_note(copied); !done) return give_up(done.error());
        fault_point("retry.copied", which_.name);
        return go_on_moving();
    }

    /// The copy is whole and the note says where.
    result<retried> go_on_moving() {
        const auto staging = make_private(inbox_, {staging_folder});
        if (!staging) return staging.error();
        const auto own = open_folder_in(*staging, id_);
        if (!own && is_absent(own.error()))
            return refused("an earlier retry was cut short and its copy is not in " + staging->path.string() +
                           " any more, so it may be in the inbox already; look for it with 'kycd show', and remove " +
                           moving_note + " from its folder in failed/ to try again");
        if (!own) return own.error();
        const auto copy = stat_in(*own, which_.name);
        if (!copy) return copy.error();
        if (*copy) {
            const int error =
                which_.flat ? move_copied_files(*own) : rename_no_replace(*own, which_.name, to_, which_.name);
            if (is_taken(error) && !(which_.flat && files_moved_)) {
                if (auto done = call_off(); !done) return done.error();
                undo_begin();
                return taken();
            }
            if (error != 0) return own->trouble_with(error, "rename into " + to_.path.string(), which_.name);
        }
        fault_point("retry.arrived", which_.name);
        if (auto done = sync(to_); !done) return done.error();
        if (auto done = sync(*own); !done) return done.error();
        if (auto done = remove_original(*staging); !done) return done.error();
        return moved();
    }

    /// The note goes last but for the empty folder: while it is there, a call that was cut short is gone on with, and
    /// what is left of the case is never taken for one that can be brought back.
    result<void> remove_original(const folder& staging) {
        const auto names = list_names(case_);
        if (!names) return names.error();
        for (const auto& name : *names) {
            if (name == moving_note) continue;
            if (auto done = remove_tree(case_, name); !done) return done;
        }
        if (auto done = sync(case_); !done) return done;
        fault_point("retry.original_removed", which_.name);
        if (auto done = remove_tree(from_, which_.place.name); !done) return done;
        if (auto done = sync(from_); !done) return done;
        static_cast<void>(remove_tree(staging, id_)); // an empty folder by now
        return {};
    }

    /// 0 or errno; what has arrived stays.
    int move_copied_files(const folder& own) {
        const auto copy = open_folder_in(own, which_.name);
        if (!copy) return copy.error().code.value();
        const auto names = flat_files(*copy);
        if (!names) return names.error().code.value();
        const auto all = flat_files(case_);
        if (!all) return all.error().code.value();
        files_moved_ = names->size() < all->size(); // by an earlier call
        for (const auto& name : *names) {
            if (const int error = rename_no_replace(*copy, name, to_, name); error != 0) return error;
            files_moved_ = true;
            fault_point("retry.copy_moved", which_.name);
        }
        const auto removed = remove_tree(own, which_.name);
        return removed ? 0 : removed.error().code.value();
    }

    const failed_case& which_;
    const service nobody_;
    const service& target_;
    const access_rules& access_;
    folder from_; ///< failed/<folder>
    folder case_; ///< the case's own, wherever it is renamed to
    folder inbox_;
    folder to_;            ///< inbox/<folder>
    std::string state_;    ///< the note's word; empty: there is none
    std::string id_;       ///< of the copy that it is about
    bool resumed_ = false; ///< an earlier call set error.json aside
    bool files_moved_ = false;
};

} // namespace

result<retried> retry_case(const spool_layout& layout, const failed_case& which, const service* target,
                           const access_rules& access) {
    return retry(which, target, access).run(layout);
}

bool looks_flat(const std::filesystem::path& place, const std::string& name, const service* target) {
    const auto opened = open_folder(place);
    const auto names = opened ? list_names(*opened) : result<std::vector<std::string>>(opened.error());
    if (!names) return false;
    const service nobody;
    bool any = false;
    for (const auto& file : *names) {
        if (is_own_name(file)) continue;
        const auto found = stat_in(*opened, file);
        if (!found || !*found || S_ISDIR((*found)->st_mode)) return false;
        if (read_flat_name(target != nullptr ? *target : nobody, file).case_name != name) return false;
        any = true;
    }
    return any;
}

} // namespace kyc::fs
