#include "fs/waiting_note.hpp"

#include "core/case_name.hpp"
#include "fs/atomic_file.hpp"
#include "fs/inbox_scan.hpp"
#include "fs/root_mount.hpp"
#include "fs/tree.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <optional>

namespace kyc::fs {

namespace {

/// The longest name whose temporary one a file system takes, too.
const std::size_t longest_note = NAME_MAX - temporary_name("").size();

std::optional<std::string> note_of(const inbox_entry& entry) {
    if (case_name_objection(entry.name)) return std::nullopt;
    auto name = entry.name + std::string(note_ending);
    if (name.size() > longest_note) return std::nullopt;
    return name;
}

enum class holder { nobody, kycd, somebody };

/// Whose file has this name. One with a second name elsewhere is never kycd's.
result<holder> who_has(const folder& where, const std::string& name) {
    const auto found = stat_in(where, name);
    if (!found) return found.error();
    if (!*found) return holder::nobody;
    if (!S_ISREG((*found)->st_mode) || (*found)->st_nlink > 1) return holder::somebody;
    const auto file = open_beneath(where, name, O_RDONLY);
    if (!file) return is_absent(file.error()) ? holder::nobody : holder::somebody;
    std::array<std::byte, note_mark.size()> start{};
    const auto count = read_some(file->get(), start);
    const std::string_view text(reinterpret_cast<const char*>(start.data()),
                                static_cast<std::size_t>(std::max<std::ptrdiff_t>(count, 0)));
    return text == note_mark ? holder::kycd : holder::somebody;
}

/// inbox/<service>/; none when it is not there, or is a link.
result<std::optional<folder>> service_folder(const spool_layout& layout, const std::string& name) {
    const auto root = open_root(layout, spool_root::inbox);
    if (!root) return root.error();
    auto opened = open_folder_in(*root, name);
    if (opened) return std::optional<folder>(std::move(*opened));
    const auto& code = opened.error().code;
    if (is_absent(opened.error()) || code == std::errc::too_many_symbolic_link_levels ||
        code == std::errc::not_a_directory)
        return std::optional<folder>();
    return opened.error();
}

result<void> remove_own(const folder& where, const std::string& name) {
    const auto whose = who_has(where, name);
    if (!whose) return whose.error();
    if (*whose != holder::kycd) return {};
    if (::unlinkat(where.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return where.trouble_with(errno, "remove", name);
    return {};
}

} // namespace

result<void> put_note(const spool_layout& layout, const inbox_entry& entry, std::string_view text,
                      const access_rules& access) {
    const auto name = note_of(entry);
    if (!name) return {};
    const auto where = service_folder(layout, entry.folder);
    if (!where) return where.error();
    if (!*where) return {};
    const auto whose = who_has(**where, *name);
    if (!whose) return whose.error();
    if (*whose == holder::somebody) return {};
    const auto over = *whose == holder::kycd ? replacing::allowed : replacing::forbidden;
    auto done = replace_file(**where, *name, text, file_mode(access), access.group, over);
    // Somebody was faster with a file of that name.
    if (!done && done.error().code == std::errc::file_exists) return {};
    return done;
}

result<void> remove_note(const spool_layout& layout, const inbox_entry& entry) {
    const auto name = note_of(entry);
    if (!name) return {};
    const auto where = service_folder(layout, entry.folder);
    if (!where) return where.error();
    return *where ? remove_own(**where, *name) : result<void>();
}

result<void> remove_all_notes(const spool_layout& layout) {
    const auto root = open_root(layout, spool_root::inbox);
    if (!root) return root.error();
    const auto folders = list_names(*root);
    if (!folders) return folders.error();
    for (const auto& each : *folders) {
        if (intake::is_reserved_folder(each)) continue;
        const auto where = open_folder_in(*root, each);
        if (!where) continue;
        const auto names = list_names(*where);
        if (!names) continue;
        for (const auto& name : *names) {
            if (!is_note_name(name)) continue;
            if (auto done = remove_own(*where, name); !done) return done;
        }
    }
    return {};
}

} // namespace kyc::fs
