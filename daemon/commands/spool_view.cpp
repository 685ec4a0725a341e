#include "commands/spool_view.hpp"

#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "fs/case_folder.hpp"
#include "fs/layout_check.hpp"
#include "fs/spool_identity.hpp"
#include "fs/spool_lock.hpp"
#include "start/spool_match.hpp"
#include "status/status_socket.hpp"

#include <algorithm>
#include <set>

namespace kyc {

namespace {

/// A loop that does not answer within this is in trouble, and people do not wait longer.
constexpr std::chrono::seconds patience{3};

std::string with_advice(const fault& met) {
    std::string text = met.message();
    if (met.code == std::errc::permission_denied || met.code == std::errc::operation_not_permitted)
        text += "; run this as kycd's user or as root";
    return text;
}

} // namespace

spool_view::spool_view(const settings& config) : config_(config), layout_(config.folders) {
    find_daemon();
    open_ledger();
    look_for_roots();
}

void spool_view::add_trouble(std::string sentence) {
    if (std::find(troubles_.begin(), troubles_.end(), sentence) == troubles_.end())
        troubles_.push_back(std::move(sentence));
}

void spool_view::find_daemon() {
    const auto holder = fs::spool_holder(layout_);
    if (!holder) {
        if (fs::is_absent(holder.error())) {
            running_ = false; // work/ was never made
        } else {
            add_trouble("whether kycd runs cannot be told: " + with_advice(holder.error()));
        }
        return;
    }
    running_ = holder->has_value();
    if (!*running_) return;
    pid_ = (*holder)->pid;
    const auto said = read_status(layout_.roots().work, patience);
    if (!said) {
        // Between taking the lock and opening the socket, or a file system without sockets.
        const bool nobody = fs::is_absent(said.error()) || said.error().code == std::errc::connection_refused;
        add_trouble((nobody ? "kycd runs but answers no questions (it may just be starting): "
                            : "kycd runs but does not answer: ") +
                    with_advice(said.error()));
        return;
    }
    std::string error;
    auto parsed = parse_json(*said, error);
    if (!parsed.is_object()) {
        add_trouble("kycd's answer cannot be read (" + error + "); is it of another version?");
        return;
    }
    live_ = std::move(parsed.get_object());
    if (const auto* text = string_member(*live_, "started_at")) started_ = from_iso8601(view_of(*text));
}

std::string spool_view::running_words() const {
    if (!running_) return "whether kycd is running cannot be told";
    if (!*running_) return "kycd is not running";
    std::string text = "kycd is running";
    if (pid_ > 0) text += " (process " + std::to_string(pid_) + ")";
    return text;
}

std::vector<pause> spool_view::pauses() const {
    return live_ ? pauses_in(*live_) : std::vector<pause>();
}

std::optional<known_case> spool_view::known(const case_question& about) const {
    if (!live_) return std::nullopt;
    const auto said = read_status(layout_.roots().work, patience, to_line(about));
    return said ? read_known_case(*said) : std::nullopt;
}

void spool_view::open_ledger() {
    auto opened = ledger::open_reader(config_.ledger);
    if (!opened) {
        ledger_words_ = opened.error();
        add_trouble(ledger_words_);
    } else if (!*opened && live_) {
        ledger_words_ = "there is no ledger " + config_.ledger.string() + ", although kycd runs and has it open";
        add_trouble(ledger_words_);
    } else if (!*opened) {
        ledger_words_ = "there is no ledger " + config_.ledger.string() + " yet; 'kycd run' makes it";
    } else {
        ledger_ = std::move(**opened);
    }
}

void spool_view::look_for_roots() {
    // Whose marks may not be read, as those of somebody else's kycd: what lies there cannot be read either, which is
    // told.
    for (auto& each : missing_roots(config_, layout_))
        if (each.code != std::errc::permission_denied) missing_.push_back(std::move(each));
    std::error_code unknown;
    const auto& roots = layout_.roots();
    if (running_ && missing_root_of(roots.work) == nullptr && std::filesystem::exists(roots.work, unknown)) {
        std::string known;
        if (ledger_) {
            if (auto read = ledger_->spool()) known = std::move(*read);
        }
        const auto match = match_spool_and_ledger(config_, layout_, known);
        if (!match) missing_.push_back(match.error());
        // A start makes the others anew. Before the first one there are none.
        const bool was_started = match && !match->spool.empty();
        for (const auto& root : {roots.inbox, roots.outbox, roots.failed}) {
            if (!was_started || missing_root_of(root) != nullptr || std::filesystem::exists(root, unknown) || unknown)
                continue;
            missing_.push_back({root, root.string() + " is not there, though kycd has run on this spool",
                                "mount it or bring it back; 'kycd run' makes an empty one",
                                std::make_error_code(std::errc::no_such_file_or_directory)});
        }
    }
    for (const auto& each : missing_)
        add_trouble(each.sentence());
}

const fs::missing_root* spool_view::missing_root_of(const std::filesystem::path& place) const {
    for (const auto& each : missing_) {
        const auto below = place.lexically_relative(each.path);
        if (!below.empty() && *below.begin() != "..") return &each;
    }
    return nullptr;
}

std::string spool_view::service_of(const std::string& folder) const {
    const auto* known = config_.services.find(folder);
    return known != nullptr ? known->name : folder;
}

bool spool_view::is_of(const std::string& folder, const std::string& service) const {
    return folder == service || service_of(folder) == service_of(service);
}

seen_case spool_view::open_case(const ledger::case_history& row) const {
    const auto& about = row.about;
    seen_case seen;
    seen.key = about.key;
    seen.service = about.service;
    seen.attempts = about.attempts;
    seen.unknown_outcomes = row.unknown_outcomes;
    // Verified again where it stands in the outbox.
    seen.place = about.key.lane == lane::bulk ? layout_.roots().outbox / about.key.folder / about.key.name
                                              : layout_.work_case(about.key);
    seen.flat = about.flat;
    seen.known_to_ledger = true;
    seen.state = standing::claimed;
    seen.since = about.taken_at;
    if (about.last) tell_last(seen, *about.last);
    // A result.json in outbox/ is the old answer of what is verified again.
    const auto ending = about.key.lane == lane::live ? last_word_in(seen.place) : std::nullopt;
    if (ending) {
        seen.state = standing::delivering;
        seen.since = ending->written_at;
    }
    return seen;
}

/// How far its last attempt has brought it.
void spool_view::tell_last(seen_case& seen, const ledger::attempt& last) const {
    seen.detail = last.what;
    switch (last.outcome) {
    case ledger::attempt_outcome::accepted:
        seen.state = standing::pending;
        seen.since = last.ended_at;
        seen.task_id = last.task_id;
        seen.detail = "task " + last.task_id;
        break;
    case ledger::attempt_outcome::unknown: {
        // On disk the two look alike. An upload that this process began is under way until its time is up.
        const auto longest = config_.api.timeouts.connect + config_.api.timeouts.handshake +
                             config_.api.timeouts.request + std::chrono::seconds(5);
        const bool ours = running_.value_or(false) && (!started_ || last.sent_at >= *started_);
        const bool under_way =
            ours && !last.ended_at && last.what.empty() && std::chrono::system_clock::now() - last.sent_at < longest;
        seen.state = under_way ? standing::sending : standing::unknown;
        if (under_way && seen.unknown_outcomes > 0) --seen.unknown_outcomes; // it will be known
        seen.since = last.sent_at;
        if (seen.detail.empty()) seen.detail = "attempt " + std::to_string(last.number);
        break;
    }
    case ledger::attempt_outcome::no_receipt:
        seen.state = standing::unknown;
        seen.since = last.sent_at;
        break;
    case ledger::attempt_outcome::task_failed:
    case ledger::attempt_outcome::refused:
    case ledger::attempt_outcome::not_sent:
        if (last.ended_at) seen.since = last.ended_at;
        break;
    }
}

seen_case spool_view::ended_case(const ledger::case_history& row) const {
    seen_case seen;
    seen.key = row.about.key;
    seen.service = row.about.service;
    seen.state = row.state == ledger::case_state::delivered ? standing::delivered
                 : row.state == ledger::case_state::failed  ? standing::failed
                                                            : standing::gone;
    seen.since = row.end.at;
    seen.detail = row.end.word;
    seen.attempts = row.about.attempts;
    seen.unknown_outcomes = row.unknown_outcomes;
    if (row.about.last) seen.task_id = row.about.last->task_id;
    seen.place = row.end.place;
    seen.flat = row.about.flat;
    seen.known_to_ledger = true;
    return seen;
}

seen_case spool_view::ended_folder(const case_folder_entry& entry, bool answered) const {
    seen_case seen;
    seen.key = case_key(entry.key.folder, without_number(entry.key.name));
    seen.service = service_of(entry.key.folder);
    seen.state = answered ? standing::delivered : standing::failed;
    seen.since = entry.changed;
    seen.place = entry.path;
    if (const auto paper = read_case_paper(*entry.in, entry.key.name)) {
        seen.detail = paper->word;
        seen.attempts = paper->task.attempts;
        seen.task_id = paper->task.id;
        if (!paper->about.name.empty()) seen.key.name = paper->about.name;
        if (paper->ended_at != utc_time{}) seen.since = paper->ended_at;
    }
    return seen;
}

seen_case spool_view::waiting_case(const fs::inbox_entry& entry, std::optional<utc_time> since) const {
    seen_case seen;
    seen.key = fs::key_of(entry);
    seen.service = service_of(entry.folder);
    seen.state = standing::waiting;
    seen.since = since;
    seen.flat = entry.flat;
    seen.place = layout_.inbox_service(entry.folder);
    if (!entry.flat) seen.place /= entry.name;
    return seen;
}

void spool_view::each_case(const case_query& which, const std::function<bool(const seen_case&)>& visit) {
    const auto wanted = [&](const seen_case& seen) {
        if (which.state && seen.state != *which.state) return true;
        if (!which.service.empty() && !is_of(seen.key.folder, which.service)) return true;
        if (which.since && (!seen.since || *seen.since < *which.since)) return true;
        if (which.before && (!seen.since || *seen.since >= *which.before)) return true;
        if (!which.code.empty() && (seen.state != standing::failed || seen.detail != which.code)) return true;
        return visit(seen);
    };
    const auto may_be = [&](std::initializer_list<standing> states) {
        return !which.state || std::find(states.begin(), states.end(), *which.state) != states.end();
    };
    using enum standing;
    bool going = true;
    const bool ended = !which.open_only;
    if (may_be({claimed, sending, unknown, pending, delivering, delivered, failed, gone}))
        going = each_of_ledger(which, wanted);
    if (going && ended && !ledger_ && may_be({delivered, failed})) going = each_ended_folder(wanted);
    if (going && may_be({claimed, delivering})) going = each_of_work(wanted);
    if (going && may_be({not_ready, waiting})) going = each_of_inbox(which.look_inside, wanted);
}

bool spool_view::each_of_ledger(const case_query& which, const std::function<bool(const seen_case&)>& visit) {
    if (!ledger_) return true;
    ledger::case_filter filter;
    filter.service = which.service.empty() ? std::string() : service_of(which.service);
    if (which.state == standing::delivered) filter.state = ledger::case_state::delivered;
    if (which.state == standing::failed) filter.state = ledger::case_state::failed;
    if (which.state == standing::gone) filter.state = ledger::case_state::gone;
    if ((which.state && !filter.state) || which.open_only) filter.state = ledger::case_state::open;
    // An open case is asked for by when it came to stand where it is, which is after its claim.
    if (filter.state && filter.state != ledger::case_state::open) filter.since = which.since;
    bool going = true;
    const auto read = ledger_->list(filter, [&](const ledger::case_history& row) {
        going = visit(row.state == ledger::case_state::open ? open_case(row) : ended_case(row));
        return going;
    });
    if (!read) add_trouble(read.error());
    return going;
}

bool spool_view::each_of_work(const std::function<bool(const seen_case&)>& visit) {
    std::set<case_key> recorded;
    if (ledger_) {
        ledger::case_filter open_ones;
        open_ones.state = ledger::case_state::open;
        const auto read = ledger_->list(open_ones, [&](const ledger::case_history& row) {
            recorded.insert(row.about.key);
            return true;
        });
        if (!read) add_trouble(read.error());
    }
    bool going = true;
    const auto read = for_each_case_folder(layout_.roots().work, [&](const case_folder_entry& entry) {
        if (recorded.contains(entry.key)) return true;
        seen_case seen;
        seen.key = entry.key;
        seen.service = service_of(entry.key.folder);
        seen.state = standing::claimed;
        seen.since = entry.moved;
        seen.place = entry.path;
        if (const auto ending = last_word_in(entry.path)) {
            seen.state = standing::delivering;
            seen.since = ending->written_at;
        }
        going = visit(seen);
        return going;
    });
    if (!read) add_trouble(with_advice(read.error()));
    return going;
}

bool spool_view::each_ended_folder(const std::function<bool(const seen_case&)>& visit) {
    bool going = true;
    for (const bool answered : {true, false}) {
        const auto& root = answered ? layout_.roots().outbox : layout_.roots().failed;
        const auto read = for_each_case_folder(root, [&](const case_folder_entry& entry) {
            going = visit(ended_folder(entry, answered));
            return going;
        });
        if (!read) add_trouble(with_advice(read.error()));
        if (!going) return false;
    }
    return true;
}

bool spool_view::is_not_ready(fs::inbox& inbox, const fs::inbox_entry& entry) const {
    const auto found = inbox.examine(entry, false);
    const auto* waiting = found ? std::get_if<fs::entry_waiting>(&*found) : nullptr;
    return waiting != nullptr && waiting->retry_in > config_.intake.settle;
}

bool spool_view::each_of_inbox(bool look_inside, const std::function<bool(const seen_case&)>& visit) {
    const auto inbox = fs::make_inbox(layout_, config_.intake, config_.services);
    const auto listed = inbox->list();
    if (!listed && missing_root_of(layout_.roots().inbox) != nullptr) return true; // told already
    if (!listed) {
        add_trouble(with_advice(listed.error()));
        return true;
    }
    for (const auto& each : listed->unread)
        add_trouble(with_advice(each.why));
    inbox_times times(config_);
    for (const auto& entry : listed->entries) {
        auto seen = waiting_case(entry, times.of(entry));
        if (look_inside && is_not_ready(*inbox, entry)) seen.state = standing::not_ready;
        if (!visit(seen)) return false;
    }
    return true;
}

std::optional<case_words> parse_case_words(std::string_view text) {
    const auto is_name = [](std::string_view part) { return !part.empty() && part != "." && part != ".."; };
    const auto slash = text.find('/');
    const auto name = slash == std::string_view::npos ? text : text.substr(slash + 1);
    if (!is_name(name) || name.find('/') != std::string_view::npos) return std::nullopt;
    if (slash == std::string_view::npos) return case_words{{}, std::string(name)};
    const auto service = text.substr(0, slash);
    if (!is_name(service)) return std::nullopt;
    return case_words{std::string(service), std::string(name)};
}

case_words as_kept(const case_words& dropped) {
    fs::inbox_entry entry;
    entry.folder = dropped.service;
    entry.name = dropped.name;
    auto key = fs::key_of(entry);
    return {dropped.service.empty() ? std::string() : std::move(key.folder), std::move(key.name)};
}

std::vector<found_place> spool_view::places_of(const case_words& which) {
    const auto kept = as_kept(which);
    const auto is_meant = [this](const case_words& words, const std::string& folder) {
        return words.service.empty() || is_of(folder, words.service);
    };
    const auto of = [&](const std::string& folder) { return is_meant(kept, folder); };
    const auto& roots = layout_.roots();
    std::vector<found_place> places;
    const auto folders = service_folders_in(roots.inbox);
    if (!folders) add_trouble(with_advice(folders.error()));
    for (const auto& folder : config_.services.folders())
        if (const auto met = is_meant(which, folder) ? fs::not_a_folder(roots.inbox / folder) : std::nullopt)
            add_trouble(met->message());
    inbox_times times(config_);
    for (const auto& folder : folders ? *folders : std::vector<std::string>()) {
        if (!is_meant(which, folder)) continue;
        const auto found = find_in_inbox(config_, folder, which.name);
        if (!found) add_trouble(with_advice(found.error()));
        if (!found || !*found) continue;
        const auto seen = waiting_case(**found, times.of(**found));
        places.push_back({standing::waiting, seen.key, seen.place, seen.since.value_or(utc_time()), **found});
    }
    for (const auto& [state, root] :
         {std::pair(standing::claimed, roots.work), std::pair(standing::delivered, roots.outbox),
          std::pair(standing::failed, roots.failed)}) {
        const auto found = find_case_folders(root, kept.name, of);
        if (!found) add_trouble(with_advice(found.error()));
        for (const auto& each : found ? *found : std::vector<case_folder_entry>()) {
            // In work/ nothing is numbered: "A-1~2" is another case there.
            if (state == standing::claimed && each.key.name != kept.name) continue;
            places.push_back({state, each.key, each.path, each.changed, std::nullopt});
        }
    }
    return places;
}

std::vector<ledger::case_history> spool_view::history_of(const case_words& dropped) {
    const auto which = as_kept(dropped);
    std::vector<ledger::case_history> lives;
    if (!ledger_) return lives;
    const auto collect = [&](const std::string& name, bool numbered) {
        ledger::case_filter filter;
        filter.name = name;
        auto read = ledger_->show(filter);
        if (!read) {
            add_trouble(read.error());
            return;
        }
        for (auto& row : *read) {
            if (!which.service.empty() && !is_of(row.about.key.folder, which.service)) continue;
            if (numbered && std::filesystem::path(row.end.place).filename() != which.name) continue;
            lives.push_back(std::move(row));
        }
    };
    collect(which.name, false);
    const auto plain = without_number(which.name);
    // Verified again, "A-1~2" goes by the name of its folder.
    const auto is_again = [](const ledger::case_history& row) { return row.about.key.lane == lane::bulk; };
    if (plain != which.name && std::all_of(lives.begin(), lives.end(), is_again)) collect(plain, true);
    const auto is_earlier = [](const auto& left, const auto& right) { return left.id < right.id; };
    std::sort(lives.begin(), lives.end(), is_earlier);
    return lives;
}

} // namespace kyc
