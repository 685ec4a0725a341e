#include "fs/renew_result.hpp"

#include "fs/atomic_file.hpp"
#include "fs/removal.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/tree.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kyc::fs {

namespace {

constexpr const char* result_name = "result.json";

result<folder> open_standing(const spool_layout& layout, const case_key& where) {
    const auto outbox = open_root(layout, spool_root::outbox);
    if (!outbox) return outbox.error();
    return open_folder_in(*outbox, where.folder + "/" + where.name);
}

result<void> write_history(const folder& at, const std::string& name, const std::string& text,
                           const access_rules& access) {
    const auto history = make_folder_in(at, history_folder, folder_mode(access));
    if (!history) return history.error();
    // The umask took the group's part away. EPERM: it is the producer's own, and can be written to.
    if (const int error = set_access(history->get(), folder_mode(access), access); error != 0 && error != EPERM)
        return at.trouble_with(error, "set the mode of", history_folder);
    if (auto kept = sync(at); !kept) return kept;
    return write_atomically(*history, name, text, file_mode(access));
}

/// Somebody took the case away, or put something else in its place.
bool is_no_folder(const fault& met) {
    return is_absent(met) || met.code == std::errc::too_many_symbolic_link_levels ||
           met.code == std::errc::not_a_directory;
}

bool is_not_permitted(const fault& met) {
    return met.code == std::errc::permission_denied || met.code == std::errc::operation_not_permitted;
}

std::string may_not_read(const std::filesystem::path& folder) {
    return "kycd may not read " + folder.string();
}

/// A producer may have dropped a file of that name, and whoever reads the outbox may have taken away permissions.
result<std::string> obstacle_in(const folder& at) {
    const auto there = stat_in(at, history_folder);
    if (!there) return there.error();
    if (*there && !S_ISDIR((*there)->st_mode))
        return std::string(history_folder) + " in its folder is not a folder: the old answer has no place";
    for (const char* name : {".", *there ? history_folder : "."}) {
        if (::faccessat(at.get(), name, R_OK | W_OK | X_OK, AT_EACCESS) == 0) continue;
        // A disk that takes nothing from anybody is no obstacle of this case's.
        if (errno != EACCES && errno != EPERM) return at.trouble_with(errno, "look at the permissions of", name);
        return "kycd may not write into " + (at.path / name).lexically_normal().string();
    }
    return std::string();
}

} // namespace

result<std::optional<standing_case>> look_at_standing(const spool_layout& layout, const case_key& where) {
    const auto at = open_standing(layout, where);
    standing_case found;
    found.folder = layout.roots().outbox / where.folder / where.name;
    if (!at && is_no_folder(at.error())) return std::optional<standing_case>();
    if (!at && is_not_permitted(at.error())) {
        found.obstacle = may_not_read(found.folder);
        return std::optional(std::move(found));
    }
    if (!at) return at.error();
    auto text = read_in_case(claimed_case{where, at->path}, result_name);
    if (!text && is_not_permitted(text.error())) {
        found.obstacle = may_not_read(found.folder);
        return std::optional(std::move(found));
    }
    if (!text) return text.error();
    if (!*text) return std::optional<standing_case>();
    found.result = std::move(**text);
    const auto mark = stat_in(*at, hold_mark);
    if (!mark) return mark.error();
    found.held = mark->has_value();
    auto obstacle = obstacle_in(*at);
    if (!obstacle) return obstacle.error();
    found.obstacle = std::move(*obstacle);
    return std::optional(std::move(found));
}

result<void> renew_result(const spool_layout& layout, const case_key& where, const std::string& old_name,
                          const std::string& old_text, const std::string& new_text, const access_rules& access) {
    const auto at = open_standing(layout, where);
    if (!at) return at.error();
    if (auto kept = write_history(*at, old_name, old_text, access); !kept) return kept;
    return write_atomically(*at, result_name, new_text, file_mode(access));
}

result<std::optional<std::string>> read_history(const spool_layout& layout, const case_key& where,
                                                const std::string& name) {
    const auto at = open_standing(layout, where);
    if (!at && is_absent(at.error())) return std::optional<std::string>();
    if (!at) return at.error();
    return read_in_case(claimed_case{where, at->path / history_folder}, name);
}

result<void> add_to_history(const spool_layout& layout, const case_key& where, const std::string& name,
                            const std::string& text, const access_rules& access) {
    const auto at = open_standing(layout, where);
    if (!at) return at.error();
    return write_history(*at, name, text, access);
}

} // namespace kyc::fs
