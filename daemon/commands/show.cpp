#include "commands/show.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/spool_view.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_members.hpp"
#include "core/json_writer.hpp"
#include "core/units.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <iostream>
#include <numeric>
#include <set>

namespace kyc {

namespace {

/// One life of the name: what the ledger knows, what its folder says, or both.
struct life {
    seen_case seen;
    std::optional<ledger::case_history> row;
    std::optional<report_facts> paper;
    bool there = false; ///< its folder is where `seen.place` says
    std::string unseen; ///< why that cannot be seen; empty: it can

    [[nodiscard]] std::vector<file_facts> files() const {
        if (row && row->about.last && !row->about.last->sent.empty()) return row->about.last->sent;
        return paper ? paper->about.files : std::vector<file_facts>();
    }

    [[nodiscard]] std::uint64_t polls() const { return row ? row->about.polls : paper ? paper->task.polls : 0; }

    /// "service/case", empty when it is none.
    [[nodiscard]] std::string duplicate_of() const {
        if (row && row->about.duplicate_of)
            return row->about.duplicate_of->service + "/" + row->about.duplicate_of->case_name;
        if (!paper || !paper->duplicate_of) return {};
        return paper->duplicate_of->service + "/" + paper->duplicate_of->case_name;
    }
};

std::optional<report_facts> paper_of(const std::filesystem::path& place) {
    const auto in = fs::open_folder(place.parent_path());
    if (!in) return std::nullopt;
    return read_case_paper(*in, place.filename().string());
}

/// Whether the report in a row's folder is of that life: a new answer has taken the place of the one before.
bool is_of(const report_facts& paper, const ledger::case_history& row) {
    if (!row.about.last || row.about.last->task_id.empty() || paper.task.id.empty())
        return paper.about.lane == row.about.key.lane;
    return paper.task.id == row.about.last->task_id;
}

/// Joins the rows with the folders: of several cases that went to one folder the last one lies in it, and what was
/// verified again never left it.
std::vector<life> lives_of(spool_view& view, const case_words& which) {
    std::vector<life> lives;
    auto places = view.places_of(which);
    for (auto& row : view.history_of(which)) {
        life one;
        one.seen = row.state == ledger::case_state::open ? view.open_case(row) : view.ended_case(row);
        if (const auto* root = view.missing_root_of(one.seen.place)) one.unseen = root->why;
        one.row = std::move(row);
        lives.push_back(std::move(one));
    }
    std::set<std::filesystem::path> found;
    for (auto each = lives.rbegin(); each != lives.rend(); ++each) {
        const auto at = std::find_if(places.begin(), places.end(), [&](const found_place& place) {
            return !each->seen.place.empty() && place.path == each->seen.place;
        });
        if (at == places.end()) continue;
        each->there = true;
        each->paper = paper_of(at->path);
        if (each->paper && !is_of(*each->paper, *each->row)) each->paper.reset();
        found.insert(at->path);
        if (each->row->about.key.lane == lane::live) places.erase(at);
    }
    std::erase_if(places, [&found](const found_place& place) { return found.contains(place.path); });
    for (const auto& place : places) {
        life one;
        one.there = true;
        if (place.root == standing::waiting) {
            one.seen = view.waiting_case(*place.entry, place.changed);
        } else {
            one.paper = paper_of(place.path);
            one.seen.key = case_key(
                place.key.folder, one.paper && !one.paper->about.name.empty() ? one.paper->about.name : place.key.name);
            one.seen.service = view.service_of(place.key.folder);
            one.seen.state = place.root;
            one.seen.since = one.paper && one.paper->ended_at != utc_time{} ? one.paper->ended_at : place.changed;
            one.seen.place = place.path;
            if (one.paper) {
                one.seen.detail = one.paper->word;
                one.seen.task_id = one.paper->task.id;
                one.seen.attempts = one.paper->task.attempts;
            }
        }
        lives.push_back(std::move(one));
    }
    // What the ledger does not know is put where its time says; the ledger's own order stays.
    std::stable_sort(lives.begin(), lives.end(), [](const life& left, const life& right) {
        if (left.row && right.row) return left.row->id < right.row->id;
        return left.seen.since.value_or(utc_time()) < right.seen.since.value_or(utc_time());
    });
    return lives;
}

void line(const std::string& name, const std::string& text) {
    std::cout << "  " << padded(name, 14) << "  " << printable(text) << "\n";
}

std::string times_words(std::optional<utc_time> time) {
    return time ? time_words(*time) : std::string(20, ' ');
}

void print_attempt(const ledger::attempt& each, bool under_way) {
    std::string text = times_words(each.sent_at) + "  ";
    text += under_way ? "under way" : to_string(each.outcome);
    if (each.http_status) text += ", HTTP " + std::to_string(*each.http_status);
    if (!each.task_id.empty()) text += ", task " + each.task_id;
    if (each.ended_at)
        text += ", after " + format_duration(std::chrono::floor<std::chrono::milliseconds>(
                                 std::max(*each.ended_at - each.sent_at, utc_time::duration::zero())));
    if (!each.what.empty()) text += ": " + each.what;
    line("attempt " + std::to_string(each.number), text);
}

/// Whether two attempts say the same, and cost nothing: each that may have been paid is worth its line.
bool is_repeat(const ledger::attempt& one, const ledger::attempt& other) {
    using enum ledger::attempt_outcome;
    return (one.outcome == refused || one.outcome == not_sent) && one.outcome == other.outcome &&
           one.http_status == other.http_status && one.what == other.what;
}

/// In an outage a case is sent again for hours: of a run of attempts that failed alike the ends say enough.
void print_attempts(const std::vector<ledger::attempt>& attempts, bool last_under_way) {
    constexpr std::ptrdiff_t enough = 2;
    for (auto each = attempts.begin(); each != attempts.end();) {
        const auto other = [&](const ledger::attempt& later) { return !is_repeat(*each, later); };
        const auto run_ends = std::find_if(std::next(each), attempts.end(), other);
        if (run_ends - each > enough) {
            const auto& last = *std::prev(run_ends);
            std::string text = time_words(each->sent_at) + " to " + time_words(last.sent_at) + ", " +
                               std::to_string(run_ends - each) + " times " + std::string(to_string(each->outcome));
            if (each->http_status) text += ", HTTP " + std::to_string(*each->http_status);
            if (!each->what.empty()) text += ": " + each->what;
            line("attempts " + std::to_string(each->number) + "-" + std::to_string(last.number), text);
            each = run_ends;
        } else {
            print_attempt(*each, last_under_way && std::next(each) == attempts.end());
            ++each;
        }
    }
}

void print_file(const file_facts& file) {
    std::string text = file.name + ", " + std::to_string(file.bytes) + " bytes";
    if (file.width > 0) text += ", " + std::to_string(file.width) + " x " + std::to_string(file.height);
    if (!file.sha256.empty()) text += ", sha256 " + file.sha256;
    line(file.field.empty() ? "file" : file.field, text);
}

/// A case that waited for an hour was asked for a hundred times: of a long run of one kind the ends say enough.
void print_events(const std::vector<ledger::event>& events) {
    constexpr std::ptrdiff_t enough = 3;
    for (auto each = events.begin(); each != events.end();) {
        const auto other = [&](const ledger::event& later) { return later.kind != each->kind; };
        const auto run_ends = std::find_if(each, events.end(), other);
        const auto last = std::prev(run_ends);
        if (run_ends - each > enough) {
            const auto sum = [](std::uint32_t times, const ledger::event& one) { return times + one.times; };
            line(each->kind, time_words(each->at) + " to " + time_words(last->at) + ", " +
                                 std::to_string(std::accumulate(each, run_ends, std::uint32_t{0}, sum)) +
                                 " times, the last: " + last->detail);
            each = run_ends;
        } else {
            const auto times = each->times > 1 ? ", " + std::to_string(each->times) + " times" : std::string();
            line(each->kind, time_words(each->at) + "  " + each->detail + times);
            ++each;
        }
    }
}

void print_end(const life& one) {
    const auto* end = one.row && one.row->state != ledger::case_state::open ? &one.row->end : nullptr;
    std::string message = end != nullptr ? end->message : std::string();
    std::string stage = end != nullptr ? end->stage : std::string();
    if (one.paper && !one.paper->answered) {
        if (message.empty()) message = one.paper->message;
        if (stage.empty()) stage = one.paper->stage;
    }
    if (!message.empty()) line("message", message + (stage.empty() ? "" : " (" + stage + ")"));
    if (one.paper && !one.paper->advice.empty()) line("advice", one.paper->advice);
}

/// Of a case that is still to be sent.
std::optional<utc_time> next_try_of(const life& one) {
    if (!one.row || one.row->state != ledger::case_state::open) return std::nullopt;
    return one.row->about.next_try;
}

/// What is said after the path.
std::string where_words(const life& one) {
    if (one.there) return {};
    return one.unseen.empty() ? " (not there any more)" : " (cannot be seen: " + one.unseen + ")";
}

void print_life(const life& one, const painter& paint) {
    const auto& seen = one.seen;
    std::cout << paint(tone::strong, printable(seen.key.folder + "/" + seen.key.name))
              << (seen.key.lane == lane::bulk ? ", verified again: " : ": ")
              << paint(tone_of(seen.state), std::string(to_string(seen.state)));
    if (!seen.detail.empty() && seen.state != standing::pending) std::cout << ", " << printable(seen.detail);
    std::cout << "\n";
    if (seen.service != seen.key.folder) line("service", seen.service);
    if (one.row) {
        line("taken", times_words(one.row->about.taken_at) + "  lane " +
                          std::string(to_string(one.row->about.key.lane)) +
                          (one.row->about.flat ? ", flat files" : ""));
        print_attempts(one.row->attempts, seen.state == standing::sending);
        print_events(one.row->events);
        if (const auto next = next_try_of(one)) line("sent again", "not before " + times_words(*next));
    } else {
        if (seen.state != standing::waiting) line("history", "the ledger does not know it; this is from its folder");
        if (one.paper && one.paper->task.submitted_at != utc_time{})
            line("submitted", times_words(one.paper->task.submitted_at));
        if (!seen.task_id.empty()) line("task", seen.task_id);
    }
    if (seen.unknown_outcomes > 0)
        line("unknown", count_words(seen.unknown_outcomes, "submit", "submits") +
                            " with an unknown outcome: the API may have accepted and billed each");
    if (one.polls() > 0) line("polls", std::to_string(one.polls()));
    for (const auto& file : one.files())
        print_file(file);
    if (!one.duplicate_of().empty()) line("duplicate of", one.duplicate_of());
    line(std::string(to_string(seen.state)), times_words(seen.since));
    print_end(one);
    if (!seen.place.empty()) line("path", seen.place.string() + where_words(one));
}

void write_attempts(json_writer& out, const life& one) {
    out.begin_array();
    for (const auto& each : one.row ? one.row->attempts : std::vector<ledger::attempt>()) {
        out.begin_object();
        out.key("number");
        out.integer(std::uint64_t{each.number});
        write_time(out, "sent_at", each.sent_at);
        out.key("outcome");
        out.text(to_string(each.outcome));
        write_time(out, "ended_at", each.ended_at);
        out.key("http_status");
        out.known_integer(static_cast<std::uint64_t>(each.http_status.value_or(0)));
        out.key("task");
        out.known_text(each.task_id);
        out.key("what");
        out.known_text(each.what);
        out.key("files");
        write_files(out, each.sent);
        out.end_object();
    }
    out.end_array();
}

void write_events(json_writer& out, const life& one) {
    out.begin_array();
    for (const auto& each : one.row ? one.row->events : std::vector<ledger::event>()) {
        out.begin_object();
        write_time(out, "at", each.at);
        out.key("kind");
        out.text(each.kind);
        out.key("detail");
        out.text(each.detail);
        out.key("times");
        out.integer(std::int64_t{each.times});
        out.end_object();
    }
    out.end_array();
}

void write_life(json_writer& out, const life& one) {
    const auto& seen = one.seen;
    out.begin_object();
    write_known(out, "case", seen.key.name);
    write_known(out, "folder", seen.key.folder);
    write_known(out, "service", seen.service);
    write_known(out, "state", std::string(to_string(seen.state)));
    write_time(out, "since", seen.since);
    write_known(out, "detail", seen.detail);
    write_known(out, "lane", one.row ? std::string(to_string(one.row->about.key.lane)) : std::string());
    out.key("flat");
    out.boolean(seen.flat);
    write_time(out, "taken_at", one.row ? std::optional(one.row->about.taken_at) : std::nullopt);
    write_time(out, "next_try", next_try_of(one));
    out.key("submissions");
    out.integer(std::uint64_t{seen.attempts});
    out.key("unknown_outcomes");
    out.integer(std::uint64_t{seen.unknown_outcomes});
    out.key("polls");
    out.integer(one.polls());
    write_known(out, "task", seen.task_id);
    write_known(out, "duplicate_of", one.duplicate_of());
    out.key("attempts");
    write_attempts(out, one);
    out.key("events");
    write_events(out, one);
    out.key("files");
    write_files(out, one.files());
    const bool failed = seen.state == standing::failed;
    const auto* end = one.row && failed ? &one.row->end : nullptr;
    write_known(out, "stage", end != nullptr ? end->stage : one.paper ? one.paper->stage : std::string());
    write_known(out, "message", end != nullptr ? end->message : one.paper ? one.paper->message : std::string());
    write_known(out, "advice", one.paper ? one.paper->advice : std::string());
    write_known(out, "path", seen.place.string());
    out.key("there");
    out.boolean(one.there);
    out.key("in_ledger");
    out.boolean(one.row.has_value());
    out.end_object();
}

} // namespace

exit_code show_command(const show_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    const auto which = parse_case_words(options.name);
    if (!which)
        return complain("show: " + printable(options.name) +
                            " is no case; write its name or SERVICE/CASE ('kycd why' takes paths)",
                        exit_code::usage);
    spool_view view(*config);
    const auto lives = lives_of(view, *which);
    if (options.json) {
        json_writer out;
        out.begin_object();
        out.key("schema");
        out.text("kycd.case/1");
        out.key("case");
        out.text(options.name);
        out.key("lives");
        out.begin_array();
        for (const auto& one : lives)
            write_life(out, one);
        out.end_array();
        out.end_object();
        std::cout << std::move(out).finish();
    } else {
        for (std::size_t i = 0; i < lives.size(); ++i) {
            if (i > 0) std::cout << "\n";
            print_life(lives[i], painter(options.color));
        }
    }
    if (!lives.empty()) {
        const auto troubled = complain_of_troubles(view);
        const bool all_seen =
            std::all_of(lives.begin(), lives.end(), [](const life& one) { return one.unseen.empty(); });
        return all_seen ? exit_code::done : troubled;
    }
    const auto& roots = config->folders;
    std::cerr << "kycd: show: nobody knows a case " << printable(options.name) << "; looked into the ledger "
              << config->ledger.string() << " and into " << roots.inbox.string() << ", " << roots.work.string() << ", "
              << roots.outbox.string() << ", " << roots.failed.string() << "\n";
    return complain_of_troubles(view, exit_code::some_failed);
}

} // namespace kyc
