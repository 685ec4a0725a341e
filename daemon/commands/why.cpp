#include "commands/why.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/reasons.hpp"
#include "commands/spool_view.hpp"
#include "commands/ticket_sight.hpp"
#include "config/settings_yaml.hpp"
#include "core/case_name.hpp"
#include "core/json_members.hpp"
#include "fs/inbox_scan.hpp"
#include "fs/layout_check.hpp"
#include "fs/ticket_files.hpp"
#include "fs/ticket_strays.hpp"
#include "reverify/stray_watch.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

namespace kyc {

namespace {

namespace stdfs = std::filesystem;

/// Where in the spool a path points.
struct spool_path {
    standing root = standing::waiting; ///< waiting: inbox, claimed: work, delivered: outbox, failed
    std::vector<std::string> parts;    ///< below the root: service folder, case, …
};

std::optional<std::vector<std::string>> parts_below(const stdfs::path& path, const stdfs::path& root) {
    const auto relative = path.lexically_relative(root);
    if (relative.empty() || *relative.begin() == "..") return std::nullopt;
    std::vector<std::string> parts;
    for (const auto& part : relative)
        if (part != "." && !part.empty()) parts.push_back(part.string());
    return parts;
}

/// By its words, and else by where its folder really is: the way to a spool may lead through links. The last name is
/// never followed, for a producer may have made it.
std::optional<spool_path> locate(const folder_settings& folders, const std::string& text) {
    std::error_code unknown;
    auto path = stdfs::absolute(text, unknown).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    const auto real = stdfs::weakly_canonical(path.parent_path(), unknown) / path.filename();
    const std::array roots{std::pair(standing::waiting, folders.inbox), std::pair(standing::claimed, folders.work),
                           std::pair(standing::delivered, folders.outbox), std::pair(standing::failed, folders.failed)};
    for (const auto& [state, root] : roots) {
        if (auto parts = parts_below(path, root.lexically_normal())) return spool_path{state, std::move(*parts)};
        if (auto parts = parts_below(real, stdfs::weakly_canonical(root, unknown)))
            return spool_path{state, std::move(*parts)};
    }
    return std::nullopt;
}

explanation say(std::string reason, std::string because, std::string next) {
    explanation out;
    out.reason = std::move(reason);
    out.because = std::move(because);
    out.next = std::move(next);
    return out;
}

std::string junk_rule(const std::string& name) {
    if (is_note_name(name)) return "names that end in .status.txt are kycd's notes about waiting cases and never taken";
    if (name.starts_with('.')) return "names that start with a dot are never taken";
    if (name.starts_with("~$")) return "names that start with ~$ are an office program's locks and never taken";
    return "names like this are temporary files, partial copies or a file manager's litter, and never taken";
}

/// A folder beside the services' that is none of theirs.
explanation about_reserved(const std::string& name) {
    if (name == "reverify")
        return say("kycds_own", "reverify is the inbox of re-verification tickets", "cases are not taken from it");
    if (is_junk(name))
        return say("junk", junk_rule(name), "it is left alone; move what it holds into a service's folder");
    return say("no_service", "this folder is the file system's own, not a service's", "it is left alone");
}

explanation about_junk(const std::string& name, bool in_case) {
    return say("junk", junk_rule(name),
               in_case ? "it stays beside the images, travels with the case and is not uploaded"
                       : "it is left alone; rename it when it is whole");
}

/// The newest of what lies there; what can still move goes first.
const found_place* foremost(const std::vector<found_place>& places) {
    const found_place* best = nullptr;
    const auto rank = [](const found_place& place) {
        return place.root == standing::waiting ? 2 : place.root == standing::claimed ? 1 : 0;
    };
    for (const auto& place : places) {
        if (best == nullptr || std::pair(rank(place), place.changed) > std::pair(rank(*best), best->changed))
            best = &place;
    }
    return best;
}

std::optional<explanation> about_words(spool_view& view, const case_words& which) {
    const auto places = view.places_of(which);
    if (const auto* place = foremost(places)) return explain(view, *place);
    const auto lives = view.history_of(which);
    if (lives.empty()) return std::nullopt;
    // A re-verification says nothing about where a case has gone.
    const auto is_live = [](const auto& row) { return row.about.key.lane == lane::live; };
    const auto newest = std::find_if(lives.rbegin(), lives.rend(), is_live);
    const auto& last = newest != lives.rend() ? *newest : lives.back();
    return explain_missing(view, last.state == ledger::case_state::open ? view.open_case(last) : view.ended_case(last));
}

/// One that has not ended.
std::optional<explanation> about_ticket(spool_view& view, const std::string& name) {
    const auto now = std::chrono::system_clock::now();
    for (const auto& each : tickets_of(view)) {
        if (each.name != name) continue;
        auto next = next_words(each, now);
        if (next.empty()) next = "'kycd status' tells how far it is";
        auto out = say("ticket_" + each.state, each.why.empty() ? "it runs" : each.why, std::move(next));
        if (each.next_event) out.next_at = each.next_event->at;
        return out;
    }
    return std::nullopt;
}

/// What lies beside the tickets.
std::optional<explanation> about_stray(const spool_view& view, const std::string& file) {
    const auto strays =
        fs::list_strays(view.layout(), std::chrono::system_clock::now(), reverify::stray_patience_of(view.config()));
    if (!strays) return std::nullopt;
    for (const auto& each : *strays)
        if (each.file == file)
            return say("not_a_ticket", "it lies among the re-verification tickets and is never taken", each.why);
    return std::nullopt;
}

/// What lies in an inbox that cannot be read now is not gone.
std::optional<explanation> about_inbox_in_trouble(const spool_view& view) {
    for (const auto& each : view.pauses()) {
        if (each.what != pause::kind::fault || each.why.find(view.config().folders.inbox.string()) == std::string::npos)
            continue;
        return say("fault", "the inbox, where it may lie, cannot be read: " + each.why,
                   "kycd waits for the inbox and takes what is there when it is back");
    }
    return std::nullopt;
}

/// Below the folder of tickets in any root.
std::optional<explanation> about_ticket_path(spool_view& view, const spool_path& path) {
    const auto& name = path.parts[1];
    const auto& roots = view.config().folders;
    std::error_code unknown;
    if (path.root == standing::delivered && stdfs::is_directory(roots.outbox / fs::ticket_folder / name, unknown)) {
        if (auto out = about_ticket(view, name)) return out;
        return say("ticket_ended", "this is the report on a re-verification ticket that has ended",
                   "open report.html in it");
    }
    if (path.root == standing::failed && stdfs::is_directory(roots.failed / fs::ticket_folder / name, unknown))
        return say("ticket_refused", "it is no ticket that can be run: error.json says what is wrong",
                   "correct the ticket and put it into " + (roots.inbox / fs::ticket_folder).string() + " again");
    auto ticket = name;
    if (const auto files = fs::list_tickets(view.layout()))
        for (const auto& each : *files)
            if (each.file == name) ticket = each.name;
    if (auto out = about_ticket(view, ticket)) return out;
    if (auto out = about_stray(view, name)) return out;
    if (stdfs::exists(stdfs::symlink_status(roots.inbox / fs::ticket_folder / name, unknown)))
        return say("kycds_own", "it lies beside the re-verification tickets and is none by its name",
                   "tickets are called NAME.yaml; a CSV of names is read by the ticket that names it");
    return std::nullopt;
}

/// A case, or something of a ticket, by its words.
std::optional<explanation> about_name(spool_view& view, const case_words& which) {
    if (auto out = about_words(view, which)) return out;
    if (!which.service.empty() && which.service != fs::ticket_folder) return std::nullopt;
    if (auto out = about_ticket(view, which.name)) return out;
    return about_stray(view, which.name);
}

/// inbox/<service>/<entry>[/<file>]
std::optional<explanation> about_inbox(spool_view& view, const spool_path& path) {
    const auto& folder = path.parts[0];
    const auto& name = path.parts[1];
    const auto& config = view.config();
    if (fs::intake::is_reserved_folder(folder)) return about_reserved(folder);
    if (is_junk(name)) return about_junk(name, false);
    const auto in = fs::open_folder(config.folders.inbox / folder);
    const auto found = in ? fs::stat_in(*in, name) : result<std::optional<struct stat>>(in.error());
    if (!found && !fs::is_absent(found.error())) {
        view.add_trouble(found.error().message());
        return std::nullopt;
    }
    const service nobody;
    const auto* known = config.services.find(folder);
    const auto flat_name = read_flat_name(known != nullptr ? *known : nobody, name).case_name;
    if (!found || !*found) {
        // It has moved on, or it is a flat case's name.
        if (auto out = about_words(view, {folder, name})) return out;
        return flat_name != name ? about_words(view, {folder, flat_name}) : std::nullopt;
    }
    const bool is_folder = S_ISDIR((*found)->st_mode);
    if (is_folder && path.parts.size() > 2 && path.parts[2] != ".done" && is_junk(path.parts[2]))
        return about_junk(path.parts[2], true);
    fs::inbox_entry entry;
    entry.folder = folder;
    entry.name = is_folder ? name : flat_name;
    entry.flat = !is_folder;
    inbox_times times(config);
    const auto seen = view.waiting_case(entry, times.of(entry));
    return explain(view, {standing::waiting, seen.key, seen.place, seen.since.value_or(utc_time()), entry});
}

std::optional<explanation> about_path(spool_view& view, const spool_path& path) {
    if (path.parts[0] == fs::ticket_folder && path.root != standing::claimed) return about_ticket_path(view, path);
    if (path.root == standing::waiting) return about_inbox(view, path);
    const auto& folder = path.parts[0];
    const auto& name = path.parts[1];
    if (folder.starts_with('.'))
        return say("kycds_own", "this is kycd's own bookkeeping",
                   "kycd tidies it up by itself, at the latest when it starts");
    for (const auto& place : view.places_of({folder, name})) {
        if (place.root == path.root && place.key.name == name && place.key.folder == folder)
            return explain(view, place);
    }
    return about_words(view, {folder, name});
}

/// A service's folder, or what lies beside them.
explanation about_service_folder(const spool_view& view, const spool_path& path) {
    const auto& name = path.parts[0];
    if (path.root != standing::waiting) return say("kycds_own", "this is kycd's own folder", "name a case in it");
    const auto in = view.config().folders.inbox / name;
    std::error_code unknown;
    if (fs::intake::is_reserved_folder(name)) return about_reserved(name);
    const auto status = stdfs::symlink_status(in, unknown);
    if (status.type() == stdfs::file_type::not_found)
        return say("missing", "there is no folder " + in.string(), "'kycd run' makes the folders of all services");
    if (const auto met = fs::not_a_folder(in); met && view.config().services.find(name) != nullptr)
        return say("unreadable", met->message(), "it is looked at again by itself");
    if (status.type() != stdfs::file_type::directory)
        return say("no_service", "what lies directly in the inbox belongs to no service, and links are not followed",
                   "it is left alone; move it into a service's folder");
    if (view.config().services.find(name) == nullptr)
        return say("unknown_service", "there is no service " + name,
                   "cases in it go to failed/ as UNKNOWN_SERVICE; rename it, or add the service to the settings");
    return say("service_folder", "this is the folder of " + view.service_of(name),
               "cases in it are taken one by one; name one, or see 'kycd status'");
}

tone tone_of(const explanation& out) {
    for (const auto* word : {"failed", "gone", "fault", "credentials_refused", "unknown_outcome", "unreadable",
                             "refused", "ticket_refused", "ticket_paused", "ticket_held_up"})
        if (out.reason == word) return tone::bad;
    return out.reason == "delivered" ? tone::good : tone::notice;
}

void print_text(const explanation& out, const painter& paint) {
    std::cout << printable(out.about.empty() ? out.path : out.about) << ": "
              << paint(tone_of(out), printable(out.reason)) << "\n";
    std::cout << "  because  " << printable(out.because) << "\n";
    if (!out.next.empty()) std::cout << "  next     " << printable(out.next) << "\n";
}

void print_json(const explanation& out) {
    json_writer json;
    json.begin_object();
    write_known(json, "schema", "kycd.why/1");
    write_known(json, "path", out.path);
    write_known(json, "case", out.about);
    write_known(json, "state", out.state ? std::string(to_string(*out.state)) : std::string());
    write_known(json, "reason", out.reason);
    write_known(json, "because", out.because);
    write_known(json, "next", out.next);
    write_time(json, "next_at", out.next_at);
    json.end_object();
    std::cout << std::move(json).finish();
}

} // namespace

exit_code why_command(const why_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    const auto path = locate(config->folders, options.path);
    std::error_code unknown;
    const bool is_there = stdfs::exists(stdfs::symlink_status(options.path, unknown));
    // Somebody who stands in a folder of the spool names cases as everywhere else.
    const auto words = path && is_there ? std::nullopt : parse_case_words(options.path);
    const auto& roots = config->folders;
    const auto no_path = [&]() {
        return complain("why: " + printable(options.path) + " is not a path of this spool (" + roots.inbox.string() +
                            ", " + roots.work.string() + ", " + roots.outbox.string() + ", " + roots.failed.string() +
                            ") and no case's name",
                        exit_code::usage);
    };
    if (!path && !words) return no_path();
    if (path && path->parts.empty())
        return complain("why: " + printable(options.path) +
                            " is a whole folder of the spool; name a case, or see 'kycd status'",
                        exit_code::usage);
    spool_view view(*config);
    std::optional<explanation> out;
    if (path && path->parts.size() > 1) out = about_path(view, *path);
    if (!out && words) out = about_name(view, *words);
    const bool is_folder = path && path->parts.size() == 1 && (is_there || path->root == standing::waiting);
    if (!out && is_folder) out = about_service_folder(view, *path);
    if (!out && (words || path->root == standing::waiting)) out = about_inbox_in_trouble(view);
    if (!out) {
        if (!path && is_there) return no_path();
        std::cerr << "kycd: why: there is no " << printable(options.path)
                  << " in the spool, and the ledger does not know it\n";
        return complain_of_troubles(view, exit_code::some_failed);
    }
    if (out->path.empty()) out->path = options.path;
    if (options.json) {
        print_json(*out);
    } else {
        print_text(*out, painter(options.color));
    }
    const auto troubled = complain_of_troubles(view);
    return out->unseen ? troubled : exit_code::done;
}

} // namespace kyc
