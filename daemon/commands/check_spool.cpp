#include "commands/check_spool.hpp"

#include "fs/inbox_hold.hpp"
#include "fs/layout_check.hpp"
#include "fs/spool_lock.hpp"
#include "fs/ticket_files.hpp"
#include "ledger/sight.hpp"
#include "start/spool_access.hpp"
#include "start/spool_match.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kyc {

namespace {

void check_folder(check_report& out, const std::string& name, const std::filesystem::path& path) {
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown)) {
        // Not made here: check may run as another user than the daemon.
        const auto parent = existing_part(path);
        if (::access(parent.c_str(), W_OK | X_OK) == 0) {
            out.note(name, path.string() + " is not there yet; 'kycd run' makes it");
        } else {
            out.bad(name,
                    path.string() + " is not there and " + parent.string() +
                        " cannot be written; make it for kycd's user",
                    exit_code::spool_unusable);
        }
        return;
    }
    const auto probe = fs::probe_folder(path);
    const std::string type = probe.file_system ? " (" + probe.file_system->name + ")" : "";
    if (!probe.usable) {
        out.bad(name, probe.problem, exit_code::spool_unusable);
    } else {
        out.good(name, path.string() + type + ": write, fsync and rename work");
    }
    if (probe.file_system && probe.file_system->network && (name == "work" || name == "ledger"))
        out.note(name, path.string() + " is on a network file system; it should be local");
}

/// A start makes the inbox, but nothing above it, unless that is above the others as well: it is a mount that is
/// missing.
bool is_below_nothing(const folder_settings& folders) {
    const auto parent = folders.inbox.parent_path();
    std::error_code unknown;
    if (std::filesystem::exists(parent, unknown) || unknown) return false;
    const auto others = {folders.work, folders.outbox, folders.failed};
    return std::none_of(others.begin(), others.end(), [&](const auto& root) {
        const auto below = root.lexically_relative(parent);
        return !below.empty() && *below.begin() != "..";
    });
}

/// The folders in the roots that a start looks into.
void check_inner_folders(check_report& out, const settings& config) {
    const auto& folders = config.folders;
    const auto is_service = [&config](const std::string& name) {
        return config.services.find(name) != nullptr || name == fs::ticket_folder;
    };
    const auto is_any = [](const std::string&) { return true; };
    const std::tuple<const char*, std::filesystem::path, std::function<bool(const std::string&)>> roots[] = {
        {"inbox", folders.inbox, is_service},
        {"work", folders.work, is_any}, // all of it is kycd's own
        {"outbox", folders.outbox, is_service},
        {"failed", folders.failed, is_service}};
    for (const auto& [name, root, wanted] : roots) {
        if (::access(root.c_str(), R_OK | X_OK) != 0) continue; // it was judged itself
        for (const auto& met : fs::closed_folders_in(root, wanted))
            out.bad(name, met.message() + "; let kycd's user read, write and enter it", exit_code::spool_unusable);
        for (const auto& mount : fs::mounts_in(root, wanted)) {
            if (mount == folders.inbox / fs::ticket_folder) continue; // tickets are copied where no rename leads
            out.bad(name,
                    mount.string() + " is a mount of its own inside " + root.string() +
                        ", and no case can be renamed into or out of it; mount " + root.string() +
                        " as a whole, or unmount it",
                    exit_code::spool_unusable);
        }
        for (const auto& folder : config.services.folders())
            if (const auto met = fs::not_a_folder(root / folder))
                out.bad(name, met->message(), exit_code::spool_unusable);
    }
}

/// A second daemon on one inbox, which a start refuses.
void check_inbox_owner(check_report& out, const fs::spool_layout& layout) {
    const auto other = fs::inbox_holder(layout);
    if (!other) {
        out.bad("inbox", other.error().message(), exit_code::spool_unusable);
    } else if (*other) {
        out.bad("inbox", (*other)->message(), exit_code::spool_unusable);
    }
}

/// What a start makes of the ledger. The folder may be kycd's and the file another user's, who started kycd once.
void check_ledger(check_report& out, const std::filesystem::path& file, const result<ledger::ledger_sight>& seen) {
    check_folder(out, "ledger", file.parent_path());
    if (::access(file.c_str(), R_OK | W_OK) != 0 && errno != ENOENT && errno != ENOTDIR) {
        out.bad("ledger",
                file.string() + " cannot be read and written: " + std::generic_category().message(errno) +
                    "; make it kycd's user's own",
                exit_code::spool_unusable);
    } else if (!seen) {
        out.bad("ledger", file.string() + ": " + why_no_ledger(seen.error()), exit_code::spool_unusable);
    } else if (seen->damage) {
        out.note("ledger",
                 file.string() + " is damaged (" + *seen->damage + "): 'kycd run' moves it to " +
                     file.filename().string() +
                     ".damaged-<n> and begins a new one with what can be read of it and of the folders; cases "
                     "in work/ are then treated as on_unknown_outcome says");
    }
}

/// What is not there of a spool that a start has made.
std::vector<fs::missing_root> check_match(check_report& out, const settings& config, const fs::spool_layout& layout,
                                          const result<ledger::ledger_sight>& seen) {
    auto missing = missing_roots(config, layout);
    std::error_code unknown;
    if (!seen || seen->damage || !std::filesystem::exists(config.folders.work, unknown)) return missing;
    auto match = match_spool_and_ledger(config, layout, seen->spool);
    if (!match) {
        missing.push_back(match.error());
    } else if (match->history_lost) {
        out.note("ledger", config.ledger.string() +
                               " is not there, or empty, though kycd has run on this spool; bring it back, or 'kycd "
                               "run' begins a new one with what the folders show, and treats cases in work/ as "
                               "on_unknown_outcome says");
    }
    return missing;
}

void check_rename(check_report& out, const std::string& what, const std::filesystem::path& from,
                  const std::filesystem::path& to) {
    const auto renames = fs::can_rename_between(from, to);
    if (!renames) return; // one of the folders is bad, and was named already
    if (*renames) {
        out.good(what, "one rename");
    } else {
        out.note(what, "on different file systems: cases are copied and compared, which is slower");
    }
}

} // namespace

std::filesystem::path existing_part(std::filesystem::path path) {
    std::error_code unknown;
    while (path.has_relative_path() && !std::filesystem::exists(path, unknown))
        path = path.parent_path();
    return path;
}

void check_spool(check_report& out, const settings& config) {
    const auto& folders = config.folders;
    const auto objection = fs::layout_objection(folders);
    if (!objection) {
        out.bad("layout", objection.error().message(), exit_code::spool_unusable);
        return;
    }
    if (*objection) {
        out.bad("layout", **objection, exit_code::config_wrong);
        return;
    }
    out.good("layout", "the folders are apart from each other");
    if (const auto access = resolve_access(config); !access) out.bad("group", access.error(), exit_code::config_wrong);
    const fs::spool_layout layout(folders);
    const auto ledger_seen = ledger::look_at_ledger(config.ledger);
    check_report of_ledger;
    const auto missing = check_match(of_ledger, config, layout, ledger_seen);
    const auto missing_at = [&missing](const std::filesystem::path& path) {
        return std::find_if(missing.begin(), missing.end(), [&](const auto& each) { return each.path == path; });
    };
    const std::pair<const char*, const std::filesystem::path&> roots[] = {
        {"inbox", folders.inbox}, {"work", folders.work}, {"outbox", folders.outbox}, {"failed", folders.failed}};
    for (const auto& [name, path] : roots) {
        if (const auto gone = missing_at(path); gone != missing.end()) {
            out.bad(name, gone->sentence(), exit_code::spool_unusable);
        } else if (path == folders.inbox && is_below_nothing(folders)) {
            out.bad(name, path.string() + " is not there, nor is the folder above it; mount it, or make that folder",
                    exit_code::spool_unusable);
        } else {
            check_folder(out, name, path);
        }
    }
    check_inner_folders(out, config);
    if (missing_at(folders.inbox) == missing.end()) check_inbox_owner(out, layout);
    for (const auto& [what, from, to] : {std::tuple("inbox to work", folders.inbox, folders.work),
                                         std::tuple("work to outbox", folders.work, folders.outbox),
                                         std::tuple("work to failed", folders.work, folders.failed)})
        if (missing_at(from) == missing.end() && missing_at(to) == missing.end()) check_rename(out, what, from, to);
    check_ledger(out, config.ledger, ledger_seen);
    out.add(std::move(of_ledger));
    const auto holder = fs::spool_holder(layout);
    if (holder && *holder)
        out.note("daemon", ((*holder)->pid > 0 ? "process " + std::to_string((*holder)->pid) : "another process") +
                               " runs on this spool; what is checked here is what its next start would find");
}

} // namespace kyc
