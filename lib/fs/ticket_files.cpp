#include "fs/ticket_files.hpp"

#include "core/case_name.hpp"
#include "fs/atomic_file.hpp"
#include "fs/case_open.hpp"
#include "fs/claim_steps.hpp"
#include "fs/delivery.hpp"
#include "fs/random_id.hpp"
#include "fs/root_mount.hpp"
#include "fs/safe_open.hpp"
#include "fs/tree.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <optional>
#include <tuple>
#include <unistd.h>

namespace kyc::fs {

namespace {

constexpr const char* error_file = "error.json";

/// With `ending` cut off, its letter case ignored; none when `name` does not end so or is nothing else.
std::optional<std::string_view> without(std::string_view name, std::string_view ending) {
    if (name.size() <= ending.size()) return std::nullopt;
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    const auto tail = name.substr(name.size() - ending.size());
    if (!std::equal(tail.begin(), tail.end(), ending.begin(), [&](char a, char b) { return lower(a) == b; }))
        return std::nullopt;
    return name.substr(0, name.size() - ending.size());
}

std::string_view ending_of(ticket_wish wish) {
    switch (wish) {
    case ticket_wish::pause:
        return ".paused";
    case ticket_wish::cancel:
        return ".cancelled";
    case ticket_wish::run:
        break;
    }
    return "";
}

/// What the file would be called if it asked for `wish`.
std::string renamed(const ticket_file& which, ticket_wish wish) {
    auto name = which.file.substr(0, which.file.size() - ending_of(which.wish).size());
    return name.append(ending_of(wish));
}

/// Nothing there any more, or a link or a device by now: not the text that was read before.
bool is_somebody_elses(const fault& error) {
    const int number = error.code.value();
    return is_absent(error) || number == ELOOP || number == EINVAL || number == ENXIO || number == EFBIG;
}

/// inbox/reverify/; ENOENT when it is not there.
result<folder> open_tickets(const spool_layout& layout) {
    const auto inbox = open_root(layout, spool_root::inbox);
    if (!inbox) return inbox.error();
    return open_folder_in(*inbox, ticket_folder);
}

/// <root>/reverify/, made if it is missing.
result<folder> make_tickets(const spool_layout& layout, spool_root where, const access_rules& access) {
    const auto root = open_root(layout, where);
    if (!root) return root.error();
    bool created = false;
    auto made = make_folder_in(*root, ticket_folder, 0700, &created);
    if (!made || !created) return made;
    if (const int error = set_access(made->get(), folder_mode(access), access); error != 0)
        return made->trouble_with(error, "set the group and mode of");
    if (auto done = sync(*root); !done) return done.error();
    return made;
}

/// Every file that is a ticket by its name.
result<std::vector<ticket_file>> list_all(const folder& tickets) {
    const auto names = list_names(tickets);
    if (!names) return names.error();
    std::vector<ticket_file> found;
    for (const auto& name : *names) {
        auto read = ticket_named(name);
        if (!read) continue;
        const auto about = stat_in(tickets, name);
        if (!about) return about.error();
        if (!*about || S_ISDIR((*about)->st_mode)) continue;
        read->written_at = time_of((*about)->st_mtim);
        read->empty = S_ISREG((*about)->st_mode) && (*about)->st_size == 0;
        found.push_back(std::move(*read));
    }
    return found;
}

result<std::optional<ticket_file>> find(const folder& tickets, const std::string& name) {
    const auto all = list_all(tickets);
    if (!all) return all.error();
    std::optional<ticket_file> found;
    for (const auto& each : *all)
        if (each.name == name && (!found || each.wish > found->wish)) found = each;
    return found;
}

failure own_end(failure_code code, std::string message, std::string advice) {
    failure end(stage::intake, code, std::move(message));
    end.advice = std::move(advice);
    return end;
}

failure not_a_file() {
    return own_end(failure_code::not_a_regular_file, "the ticket is a link or a device, not a file",
                   "Drop the ticket itself, as a file.");
}

/// The place in failed/reverify/ for it: one that an interrupted call made for this very file, or the next free one.
result<folder> make_place(const folder& failed, const std::string& name, const std::string& file,
                          const std::optional<std::string>& text, const access_rules& access) {
    for (int count = 1;; ++count) {
        bool created = false;
        const auto place_name = numbered_name(name, count);
        auto place = make_folder_in(failed, place_name, 0700, &created);
        if (!place && (place.error().code.value() == ENOTDIR || place.error().code.value() == ELOOP)) continue;
        if (!place) return place;
        if (created) {
            if (const int error = set_access(place->get(), folder_mode(access), access); error != 0)
                return place->trouble_with(error, "set the group and mode of");
            if (auto done = sync(failed); !done) return done.error();
            return place;
        }
        const auto there = stat_in(*place, file);
        if (!there) return there.error();
        if (!*there) {
            const auto names = list_names(*place);
            if (!names) return names.error();
            if (std::all_of(names->begin(), names->end(), is_own_name)) return place;
            continue;
        }
        if (!text) continue;
        const auto same = read_text(*place, file, largest_ticket);
        if (same && *same == *text) return place;
    }
}

/// Out of the inbox into `place`: by a rename, or as a copy where that is another file system.
result<void> move_file(const folder& tickets, const std::string& file, const folder& place,
                       const std::optional<std::string>& text, const access_rules& access) {
    const auto there = stat_in(place, file);
    if (!there) return there.error();
    const int error = *there ? EXDEV : rename_no_replace(tickets, file, place, file);
    if (error == ENOENT) return {};
    if (error != 0 && error != EXDEV) return tickets.trouble_with(error, "rename into " + place.path.string(), file);
    if (error == 0) {
        if (auto done = sync(place); !done) return done;
        return sync(tickets);
    }
    // Of what is no text that a ticket can have nothing is worth a copy: error.json says what it was.
    if (text) {
        if (auto done = write_atomically(place, file, *text, file_mode(access)); !done) return done;
    }
    if (::unlinkat(tickets.get(), file.c_str(), 0) != 0 && errno != ENOENT)
        return tickets.trouble_with(errno, "remove", file);
    return sync(tickets);
}

result<void> write_files(const folder& into, const std::vector<std::pair<std::string, std::string>>& files,
                         const access_rules& access) {
    for (const auto& [name, text] : files)
        if (auto done = write_atomically(into, name, text, file_mode(access)); !done) return done;
    return {};
}

/// A folder with these files under the first free name of `name`, `name`~2 and so on.
result<std::filesystem::path> publish_folder(const spool_layout& layout, const folder& tickets, const std::string& name,
                                             const std::vector<std::pair<std::string, std::string>>& files,
                                             const access_rules& access) {
    const auto root = open_root(layout, spool_root::outbox);
    if (!root) return root.error();
    const auto staging = make_private(*root, {".kycd"});
    if (!staging) return staging.error();
    // One name for all, so that what a crash left is found by the next report, which comes at the next start.
    const char* const half_made = "report";
    if (auto done = remove_tree(*staging, half_made); !done) return done.error();
    const auto give_up = [&](fault why) {
        static_cast<void>(remove_tree(*staging, half_made));
        return why;
    };
    const auto own = make_private(*staging, {half_made, name});
    if (!own) return give_up(own.error());
    const auto parent = open_folder_in(*staging, half_made);
    if (!parent) return give_up(parent.error());
    if (auto done = write_files(*own, files, access); !done) return give_up(done.error());
    if (auto done = set_access_below(*parent, name, access); !done) return give_up(done.error());
    for (int count = 1;; ++count) {
        const auto place = numbered_name(name, count);
        const int error = rename_no_replace(*parent, name, tickets, place);
        if (error == EEXIST || error == ENOTEMPTY) continue;
        if (error != 0) return give_up(tickets.trouble_with(error, "rename into place", place));
        static_cast<void>(remove_tree(*staging, half_made)); // an empty folder by now
        if (auto done = sync(tickets); !done) return done.error();
        return tickets.path / place;
    }
}

} // namespace

std::optional<ticket_file> ticket_named(const std::string& file) {
    if (is_junk(file)) return std::nullopt;
    ticket_file read;
    read.file = file;
    std::string_view rest = file;
    for (const auto wish : {ticket_wish::pause, ticket_wish::cancel})
        if (const auto before = without(file, ending_of(wish))) {
            read.wish = wish;
            rest = *before;
        }
    for (const auto* ending : {".yaml", ".yml"})
        if (const auto name = without(rest, ending)) {
            read.name = *name;
            return read;
        }
    return std::nullopt;
}

result<std::vector<ticket_file>> list_tickets(const spool_layout& layout) {
    const auto tickets = open_tickets(layout);
    if (!tickets && is_absent(tickets.error())) {
        // A root that is missing is no empty list.
        const auto inbox = open_root(layout, spool_root::inbox);
        if (!inbox) return inbox.error();
        return std::vector<ticket_file>();
    }
    if (!tickets) return tickets.error();
    auto all = list_all(*tickets);
    if (!all) return all;
    std::map<std::string, ticket_file> by_name;
    for (auto& each : *all) {
        const auto [place, is_new] = by_name.try_emplace(each.name, each);
        if (!is_new && each.wish > place->second.wish) place->second = std::move(each);
    }
    std::vector<ticket_file> found;
    found.reserve(by_name.size());
    for (auto& [name, each] : by_name)
        found.push_back(std::move(each));
    std::sort(found.begin(), found.end(), [](const ticket_file& a, const ticket_file& b) {
        return std::tie(a.written_at, a.name) < std::tie(b.written_at, b.name);
    });
    return found;
}

result<std::string, trouble> read_ticket(const spool_layout& layout, const ticket_file& which) {
    const auto tickets = open_tickets(layout);
    if (!tickets) return trouble(tickets.error());
    const auto about = stat_in(*tickets, which.file);
    if (!about) return trouble(about.error());
    if (!*about) return trouble(tickets->trouble_with(ENOENT, "open", which.file));
    // Before it is opened: opening a device may do something.
    if (!S_ISREG((*about)->st_mode)) return trouble(not_a_file());
    auto text = read_text(*tickets, which.file, largest_ticket);
    if (text) return std::move(*text);
    const int error = text.error().code.value();
    if (error == ELOOP || error == EINVAL || error == ENXIO) return trouble(not_a_file());
    if (error == EFBIG)
        return trouble(own_end(failure_code::file_too_large, "the ticket is larger than 16 MiB",
                               "Name the cases in a CSV beside the ticket, or drop several tickets."));
    if (error == EACCES || error == EPERM)
        return trouble(own_end(failure_code::file_unreadable, "kycd's user may not read the ticket",
                               "Let kycd's user read the file and drop it again."));
    return trouble(text.error());
}

result<std::string> read_beside_ticket(const spool_layout& layout, const std::string& file) {
    const auto tickets = open_tickets(layout);
    if (!tickets) return tickets.error();
    const auto about = stat_in(*tickets, file);
    if (!about) return about.error();
    if (!*about) return tickets->trouble_with(ENOENT, "open", file);
    if (!S_ISREG((*about)->st_mode)) return tickets->trouble_with(EINVAL, "read what is not a regular file,", file);
    return read_text(*tickets, file, largest_ticket);
}

result<void> wish_for(const spool_layout& layout, const std::string& name, ticket_wish wish) {
    const auto tickets = open_tickets(layout);
    if (!tickets) return tickets.error();
    const auto found = find(*tickets, name);
    if (!found) return found.error();
    if (!*found) return tickets->trouble_with(ENOENT, "find the ticket", name);
    const auto& which = **found;
    if (which.wish == wish) return {};
    const auto new_name = renamed(which, wish);
    if (const int error = rename_no_replace(*tickets, which.file, *tickets, new_name); error != 0)
        return tickets->trouble_with(error, "rename " + which.file + " to", new_name);
    return sync(*tickets);
}

result<void> drop_ticket(const spool_layout& layout, const std::string& name, std::string_view text,
                         const access_rules& access) {
    const auto tickets = make_tickets(layout, spool_root::inbox, access);
    if (!tickets) return tickets.error();
    const auto there = find(*tickets, name);
    if (!there) return there.error();
    if (*there) return tickets->trouble_with(EEXIST, "drop the ticket", (*there)->file);
    const auto id = random_id();
    if (!id) return id.error();
    // Junk by its name until it is whole, and nobody else's.
    const auto temporary = temporary_name(*id);
    auto file = open_beneath(*tickets, temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return file.error();
    int error = write_all(file->get(), std::as_bytes(std::span{text}));
    if (error == 0) error = set_access(file->get(), file_mode(access), access);
    if (error == 0 && ::fsync(file->get()) != 0) error = errno;
    file->reset();
    if (error == 0) error = rename_no_replace(*tickets, temporary, *tickets, name + ".yaml");
    if (error != 0) {
        ::unlinkat(tickets->get(), temporary.c_str(), 0);
        return tickets->trouble_with(error, "write", name + ".yaml");
    }
    return sync(*tickets);
}

result<void> remove_ticket(const spool_layout& layout, const ticket_file& which, std::string_view text) {
    const auto tickets = open_tickets(layout);
    if (!tickets && is_absent(tickets.error())) return {};
    if (!tickets) return tickets.error();
    const auto all = list_all(*tickets);
    if (!all) return all.error();
    for (const auto& each : *all) {
        // Whatever it asks for by now: somebody may have renamed it a moment ago.
        if (each.name != which.name) continue;
        const auto now = read_text(*tickets, each.file, largest_ticket);
        if (!now && each.file == which.file && !is_somebody_elses(now.error())) return now.error();
        if (!now || *now != text) continue;
        if (::unlinkat(tickets->get(), each.file.c_str(), 0) != 0 && errno != ENOENT)
            return tickets->trouble_with(errno, "remove", each.file);
    }
    return sync(*tickets);
}

result<void> remove_unbegun_ticket(const spool_layout& layout, const ticket_file& which) {
    const auto text = read_ticket(layout, which);
    if (text) return remove_ticket(layout, which, *text);
    const trouble why = text.error();
    if (const auto* met = std::get_if<fault>(&why)) return is_absent(*met) ? result<void>() : result<void>(*met);
    const auto tickets = open_tickets(layout);
    if (!tickets) return tickets.error();
    if (::unlinkat(tickets->get(), which.file.c_str(), 0) != 0 && errno != ENOENT)
        return tickets->trouble_with(errno, "remove", which.file);
    return sync(*tickets);
}

result<std::filesystem::path> reject_ticket(const spool_layout& layout, const ticket_file& which,
                                            const std::string& error_text, const access_rules& access) {
    const auto tickets = open_tickets(layout);
    if (!tickets) return tickets.error();
    const auto failed = make_tickets(layout, spool_root::failed, access);
    if (!failed) return failed.error();
    const auto read = read_text(*tickets, which.file, largest_ticket);
    const auto text = read ? std::optional(*read) : std::nullopt;
    const auto name = case_name_objection(which.name) ? percent_encode_name(which.name) : which.name;
    const auto place = make_place(*failed, name, which.file, text, access);
    if (!place) return place.error();
    // First, so that wherever this is cut short the ticket is in the inbox, or beside what is wrong with it.
    if (auto done = write_atomically(*place, error_file, error_text, file_mode(access)); !done) return done.error();
    if (auto done = move_file(*tickets, which.file, *place, text, access); !done) return done.error();
    if (auto done = set_access_below(*failed, place->path.filename().string(), access); !done) return done.error();
    return place->path;
}

std::string read_ticket_report(const spool_layout& layout, const std::string& name) {
    const auto root = open_root(layout, spool_root::outbox);
    if (!root) return {};
    const auto place = open_folder_in(*root, std::string(ticket_folder) + "/" + name);
    if (!place) return {};
    auto text = read_text(*place, "report.json", largest_ticket_report);
    return text ? std::move(*text) : std::string();
}

result<std::filesystem::path> free_report_place(const spool_layout& layout, const std::string& name) {
    const auto root = open_root(layout, spool_root::outbox);
    if (!root) return root.error();
    const auto tickets = open_folder_in(*root, ticket_folder);
    if (!tickets && !is_absent(tickets.error())) return tickets.error();
    const auto path = root->path / ticket_folder;
    if (!tickets) return path / name;
    for (int count = 1;; ++count) {
        const auto place = numbered_name(name, count);
        const auto there = stat_in(*tickets, place);
        if (!there) return there.error();
        if (!*there) return path / place;
    }
}

result<std::filesystem::path> write_ticket_report(const spool_layout& layout, const std::string& name,
                                                  const std::filesystem::path& made_before,
                                                  const std::vector<std::pair<std::string, std::string>>& files,
                                                  const access_rules& access) {
    const auto tickets = make_tickets(layout, spool_root::outbox, access);
    if (!tickets) return tickets.error();
    const auto before = made_before.filename().string();
    if (!before.empty()) {
        const auto place = open_folder_in(*tickets, before);
        if (!place && !is_absent(place.error())) return place.error();
        if (place) {
            if (auto done = write_files(*place, files, access); !done) return done.error();
            if (auto done = set_access_below(*tickets, before, access); !done) return done.error();
            return place->path;
        }
        // Somebody has taken it away: it comes anew.
    }
    return publish_folder(layout, *tickets, name, files, access);
}

} // namespace kyc::fs
