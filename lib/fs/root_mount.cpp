#include "fs/root_mount.hpp"

#include "fs/atomic_file.hpp"
#include "fs/case_marks.hpp"
#include "fs/claim_steps.hpp"
#include "fs/random_id.hpp"
#include "fs/spool_identity.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <string>

namespace kyc::fs {

namespace {

constexpr const char* notes = ".mounts";
constexpr const char* mark_folder = ".kycd";
constexpr const char* mark_name = ".identity";
constexpr std::uint64_t max_note_bytes = 8 << 10;

constexpr std::array roots{spool_root::inbox, spool_root::outbox, spool_root::failed};

std::string name_of(spool_root which) {
    switch (which) {
    case spool_root::inbox:
        return "inbox";
    case spool_root::outbox:
        return "outbox";
    case spool_root::failed:
        break;
    }
    return "failed";
}

const std::filesystem::path& path_of(const spool_layout& layout, spool_root which) {
    switch (which) {
    case spool_root::inbox:
        return layout.roots().inbox;
    case spool_root::outbox:
        return layout.roots().outbox;
    case spool_root::failed:
        break;
    }
    return layout.roots().failed;
}

/// The text of a small file of kycd's; none if it is not there.
result<std::optional<std::string>> text_if_any(const folder& where, const std::string& name) {
    auto text = read_text(where, name, max_note_bytes);
    if (!text && is_absent(text.error())) return std::optional<std::string>{};
    if (!text) return text.error();
    return std::optional{std::move(*text)};
}

/// The mark that the root has to bear; none if nothing is known of a mount at its path. A note about another path is
/// one of a root that was moved: the settings have said so.
result<std::optional<std::string>> noted_mark(const spool_layout& layout, const folder& work, spool_root which) {
    auto text = text_if_any(work, std::string{notes} + '/' + name_of(which));
    if (!text || !*text) return text;
    const auto end_of_mark = (*text)->find('\n');
    if (end_of_mark == std::string::npos || end_of_mark == 0) return std::optional<std::string>{};
    const auto path = (*text)->substr(end_of_mark + 1);
    if (path != path_of(layout, which).string() + '\n') return std::optional<std::string>{};
    return std::optional{(*text)->substr(0, end_of_mark)};
}

result<std::optional<std::string>> mark_on(const folder& root) {
    auto text = text_if_any(root, std::string{mark_folder} + '/' + mark_name);
    while (text && *text && (*text)->ends_with('\n'))
        (*text)->pop_back();
    return text;
}

/// What is wrong with the folder, and what somebody can do about it.
missing_root not_mounted(const spool_layout& layout, const folder& work, spool_root which) {
    const auto& path = path_of(layout, which);
    return {path, name_of(which) + ' ' + path.string() + " is not the folder that was mounted there before",
            "mount it, or remove " + (work.path / notes / name_of(which)).string() +
                " if another one is meant to be there",
            std::error_code(ESTALE, std::system_category())};
}

struct place {
    dev_t device{};
    std::optional<std::uint64_t> mount{}; ///< Linux 5.8 and later
};

result<place> place_of(const folder& where) {
    struct stat found {};

    if (::fstat(where.get(), &found) != 0) return where.trouble_with(errno, "look at");
    place known{found.st_dev};

    struct statx more {};

    if (::statx(where.get(), "", AT_EMPTY_PATH, STATX_MNT_ID, &more) == 0 && (more.stx_mask & STATX_MNT_ID) != 0)
        known.mount = more.stx_mnt_id;
    return known;
}

result<std::string> mark_root(const folder& root) {
    auto present = mark_on(root);
    if (!present) return present.error();
    if (*present && !(*present)->empty()) return std::move(**present);
    const auto own = make_private(root, {mark_folder});
    if (!own) return own.error();
    auto mark = random_id();
    if (!mark) return mark;
    if (auto done = write_atomically(*own, mark_name, *mark + '\n', 0600); !done) return done.error();
    if (auto done = sync(root); !done) return done.error();
    return mark;
}

} // namespace

result<folder> open_root(const spool_layout& layout, spool_root which) {
    const auto& path = path_of(layout, which);
    const auto work = open_folder(layout.roots().work);
    if (!work && is_absent(work.error())) return open_folder(path); // nothing is known of any mount
    if (!work) return work.error();
    const auto expected = noted_mark(layout, *work, which);
    if (!expected) return expected.error();
    auto root = open_folder(path);
    if (!*expected) return root;
    if (!root && is_absent(root.error())) return last_fault(ENOENT, not_mounted(layout, *work, which).sentence());
    if (!root) return root;
    const auto borne = mark_on(*root);
    if (!borne) return borne.error();
    if (*borne != *expected) return last_fault(ESTALE, not_mounted(layout, *work, which).sentence());
    return root;
}

result<folder> open_root_at(const spool_layout& layout, const std::filesystem::path& path) {
    for (const auto which : roots)
        if (path == path_of(layout, which)) return open_root(layout, which);
    return open_folder(path);
}

result<bool> are_apart(const folder& one, const folder& other) {
    const auto here = place_of(one);
    if (!here) return here.error();
    const auto there = place_of(other);
    if (!there) return there.error();
    return here->device != there->device || (here->mount && there->mount && here->mount != there->mount);
}

result<bool> delivers_by_copy(const folder& work) {
    for (const auto which : {spool_root::outbox, spool_root::failed}) {
        const auto note = stat_in(work, std::string{notes} + '/' + name_of(which));
        if (!note) return note.error();
        if (*note) return true;
    }
    return false;
}

result<std::vector<missing_root>> unmounted_roots(const spool_layout& layout) {
    std::vector<missing_root> missing;
    const auto work = open_folder(layout.roots().work);
    if (!work && is_absent(work.error())) return missing;
    if (!work) return work.error();
    for (const auto which : roots) {
        const auto expected = noted_mark(layout, *work, which);
        if (!expected) return expected.error();
        if (!*expected) continue;
        const auto opened = open_root(layout, which);
        if (opened) continue;
        const auto& met = opened.error();
        const bool told = met.code.value() == ESTALE || is_absent(met);
        missing.push_back(told ? not_mounted(layout, *work, which)
                               : missing_root{path_of(layout, which), met.message(), {}, met.code});
    }
    return missing;
}

result<void> note_mounts(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    for (const auto which : roots) {
        const auto root = open_root(layout, which);
        if (!root) return root.error();
        const auto apart = are_apart(*work, *root);
        if (!apart) return apart.error();
        const auto noted = noted_mark(layout, *work, which);
        if (!noted) return noted.error();
        if (!*apart) {
            if (*noted) continue; // it bears the mark, and may be mounted again
            if (auto done = clear_mark(*work, {notes}, name_of(which)); !done) return done;
            continue;
        }
        if (*noted) continue;
        const auto mark = mark_root(*root);
        if (!mark) return mark.error();
        const auto text = *mark + '\n' + path_of(layout, which).string() + '\n';
        if (auto done = write_note(*work, {notes}, name_of(which), text); !done) return done;
    }
    return {};
}

} // namespace kyc::fs
