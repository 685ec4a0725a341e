#include "commands/reasons.hpp"

#include "commands/ticket_sight.hpp"
#include "commands/waits.hpp"
#include "core/json_fields.hpp"
#include "core/units.hpp"
#include "fs/case_folder.hpp"
#include "text/words.hpp"
#include "told/status_fields.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// The longest pause between two tries of a step that met a fault (fault_pause).
constexpr std::chrono::seconds longest_fault_pause{5};

/// The order of the inbox.
constexpr const char* turn = "it is taken when its turn comes: those of high priority first, then the oldest";

/// Fills one explanation; the last word said stays.
class explainer {
  public:
    explainer(spool_view& view, const found_place& place) : view_(view), place_(place) {
        out_.path = place.path.string();
        out_.about = place.key.folder + "/" + place.key.name;
        out_.state = place.root;
    }

    explanation run() {
        switch (place_.root) {
        case standing::waiting:
            in_inbox();
            break;
        case standing::claimed:
            in_work();
            break;
        default:
            ended();
            break;
        }
        return std::move(out_);
    }

  private:
    void say(std::string reason, std::string because, std::string next,
             std::optional<utc_time> next_at = std::nullopt) {
        out_.reason = again_.empty() ? std::move(reason) : "verified_again";
        out_.because = again_ + because;
        out_.next = std::move(next);
        out_.next_at = next_at;
    }

    const settings& config() const { return view_.config(); }

    static std::string in_words(std::optional<std::chrono::seconds> wait) {
        return wait && wait->count() > 0 ? " in about " + age_words(*wait) : " now and then";
    }

    static std::optional<utc_time> from_now(std::optional<std::chrono::seconds> wait) {
        if (!wait) return std::nullopt;
        return system_clock::now() + *wait;
    }

    std::uint64_t live_number(std::string_view group, std::string_view name) const {
        const auto* live = view_.live();
        const auto* in = live != nullptr ? object_member(*live, group) : nullptr;
        return in != nullptr ? number_in(*in, name) : 0;
    }

    /// `then`: what the daemon would do with it.
    bool not_running(const std::string& then) {
        if (view_.running().value_or(true)) return false;
        say("not_running", "kycd is not running", "start it (systemctl start kycd); then " + then);
        return true;
    }

    /// A fault that no case gets past.
    bool held_by_system() {
        const auto* live = view_.live();
        return live != nullptr && bool_member(*live, "faults_hold_up_all").value_or(false) && met_a_fault();
    }

    /// Where only a fault keeps a case for longer than a moment.
    bool met_a_fault() {
        for (const auto& each : view_.pauses()) {
            if (each.what != pause::kind::fault) continue;
            say("fault", "a fault of the system is waited out: " + each.why,
                "kycd tries again every few seconds and goes on by itself when it is over",
                from_now(longest_fault_pause));
            return true;
        }
        return false;
    }

    /// What it has in hand goes on at the next start. `then`: what the next start does with it.
    bool is_stopping(const std::string& then) {
        const auto* live = view_.live();
        if (live == nullptr || !bool_member(*live, "stopping").value_or(false)) return false;
        say("stopping", "kycd is stopping: it finishes its uploads and begins nothing more",
            "at its next start " + then);
        return true;
    }

    /// `submits`: the case has yet to be sent; an answer is asked for whatever its service.
    bool held_by_api(bool submits) {
        for (const auto& each : view_.pauses()) {
            if (each.what == pause::kind::credentials) {
                say("credentials_refused", "the API refuses the credentials: " + each.why,
                    "correct the secret and 'systemctl reload kycd' ('restart' where it comes by LoadCredential=); "
                    "kycd also tries again by itself" +
                        in_words(each.next_try),
                    from_now(each.next_try));
                return true;
            }
            if (each.what == pause::kind::api_down) {
                say("api_down", "the API is down for all: " + each.why,
                    "kycd tries one call" + in_words(each.next_try) + " and goes on when it answers",
                    from_now(each.next_try));
                return true;
            }
            if (submits && each.what == pause::kind::service && each.service == view_.service_of(place_.key.folder)) {
                say("service_paused", "kycd sends no cases of " + each.service + " for now: " + each.why,
                    "one case is tried" + in_words(each.next_try) + "; the others follow when it is taken",
                    from_now(each.next_try));
                return true;
            }
        }
        return is_resting();
    }

    /// The API asked for a pause, or calls came too fast for it.
    bool is_resting() {
        const auto* live = view_.live();
        const auto* api = live != nullptr ? object_member(*live, "api") : nullptr;
        const auto* pace = api != nullptr ? object_member(*api, "pace") : nullptr;
        const auto* value = pace != nullptr ? member(*pace, "resting_for_seconds") : nullptr;
        const auto left = std::chrono::seconds(value != nullptr ? integer_of(*value).value_or(0) : 0);
        if (left.count() <= 0) return false;
        say("resting", "the API refused calls that came too fast, and no call goes for now",
            "calls go on in about " + age_words(left), from_now(left));
        return true;
    }

    /// What else holds a case up only the daemon knows.
    bool cannot_be_told() {
        if (view_.live() != nullptr) return false;
        say("not_known",
            view_.running() ? "kycd runs but does not answer, so what holds it up cannot be told"
                            : "whether kycd runs cannot be told, nor what holds this up",
            view_.running() ? "ask again; if this lasts, see kycd's log" : "run this as kycd's user or as root");
        return true;
    }

    bool repeats_are_held_back() {
        const auto pauses = view_.pauses();
        return std::any_of(pauses.begin(), pauses.end(),
                           [](const pause& each) { return each.what == pause::kind::repeats; });
    }

    void in_inbox() {
        const auto& entry = *place_.entry;
        const auto inbox = fs::make_inbox(view_.layout(), config().intake, config().services);
        const auto found = inbox->examine(entry, false);
        if (!found) {
            say("unreadable", found.error().message(), "let kycd's user read it; it is looked at again by itself");
            return;
        }
        const auto* waiting = std::get_if<fs::entry_waiting>(&*found);
        const auto* refused = std::get_if<fs::entry_refused>(&*found);
        const bool is_lacking = waiting != nullptr && waiting->retry_in > config().intake.settle;
        std::string then = "it is taken at once";
        if (is_lacking) {
            out_.state = standing::not_ready;
            then = "it waits, for " + waiting->why;
        }
        if (refused != nullptr) then = "it goes to failed/ as " + std::string(to_string(refused->why.code));
        if (not_running(then)) return;
        if (std::holds_alternative<fs::entry_gone>(*found)) return say("taken", "it has just been taken", "ask again");
        const auto known = view_.known({entry.folder, entry.name, entry.flat});
        const auto* seen = known && known->entry ? &*known->entry : nullptr;
        // On a share only whoever has watched it knows how long it lies still, and the daemon has its own settings
        // until a restart: so its look goes before this one.
        if (seen != nullptr && seen->where == known_entry::place::waiting && as_last_seen(*seen, *found, is_lacking))
            return;
        if (is_lacking) return known ? lacking(waiting->why, seen) : not_ready(as_seen_now(*waiting));
        if (held_by_system()) return;
        if (waiting != nullptr && !known) return not_ready(as_seen_now(*waiting));
        if (is_stopping(then) || is_over_for_this_run(known, then)) return;
        if (refused != nullptr && cannot_be_told()) return;
        if (refused != nullptr)
            return say("refused", refused->why.message,
                       "it goes to failed/ as " + std::string(to_string(refused->why.code)) + " at the next look");
        ready(entry, seen);
    }

    /// `run --once` reads the inbox one time.
    bool is_over_for_this_run(const std::optional<known_case>& known, const std::string& then) {
        if (!known || known->scans_again || known->entry) return false;
        say("not_running", "the 'kycd run --once' that runs had read the inbox before this came",
            "at the next run " + then);
        return true;
    }

    /// What the daemon's last look came to, as far as that still holds it up. `now`: a look of this process's own.
    bool as_last_seen(const known_entry& seen, const fs::examination& now, bool is_lacking) {
        const bool is_ready = std::holds_alternative<fs::entry_ready>(now);
        const bool is_settling = std::holds_alternative<fs::entry_waiting>(now) && !is_lacking;
        switch (seen.wait.value_or(inbox_wait::settling)) {
        case inbox_wait::not_permitted:
            out_.state = standing::not_ready;
            say("not_permitted", "kycd may not take it: " + seen.why,
                "kycd looks at it again every minute, and takes it once it may", seen.next_look_at);
            return true;
        case inbox_wait::not_ready:
            if (is_ready) return false; // a change that the daemon has yet to see
            out_.state = standing::not_ready;
            not_ready(seen);
            return true;
        case inbox_wait::settling:
            if (is_settling) not_ready(seen);
            return is_settling;
        case inbox_wait::same_name:
        case inbox_wait::held_back:
            break;
        }
        return false;
    }

    /// It cannot be taken as it is, and the daemon, if it has seen it, has it in line to be looked at.
    void lacking(const std::string& why, const known_entry* seen) {
        if (seen != nullptr && seen->wait == inbox_wait::not_ready && seen->why == why) return not_ready(*seen);
        say("not_ready", why,
            seen != nullptr ? "kycd looks at it when its turn comes" : "kycd sees it with the next scan at the latest");
    }

    /// A look of this process's own, which knows of no other one.
    [[nodiscard]] known_entry as_seen_now(const fs::entry_waiting& waiting) const {
        const auto now = system_clock::now();
        known_entry seen;
        seen.where = known_entry::place::waiting;
        seen.wait = waiting.retry_in <= config().intake.settle ? inbox_wait::settling : inbox_wait::not_ready;
        seen.why = waiting.why;
        seen.still_since = now - waiting.age;
        seen.fails_at = std::max(now, *seen.still_since + config().intake.incomplete_after);
        seen.next_look_at = now + waiting.retry_in;
        return seen;
    }

    /// It only settles, or it lacks something.
    void not_ready(const known_entry& seen) {
        const auto now = system_clock::now();
        std::string because = seen.why;
        if (seen.still_since) because += " (nothing changed for " + age_words(now - *seen.still_since) + ")";
        if (seen.wait == inbox_wait::settling)
            return say("not_ready", because,
                       seen.next_look_at
                           ? "it is looked at again in " +
                                 format_duration(std::max(std::chrono::ceil<milliseconds>(*seen.next_look_at - now),
                                                          milliseconds(0)))
                           : "it is looked at again",
                       seen.next_look_at);
        say("not_ready", because,
            "any change is noticed" +
                (seen.fails_at ? "; without one it goes to failed/ at " + time_words(*seen.fails_at) : std::string()),
            seen.fails_at);
    }

    /// `seen`: what the daemon knows of it; null: nothing.
    void ready(const fs::inbox_entry& entry, const known_entry* seen) {
        const auto key = fs::key_of(entry);
        std::error_code unknown;
        if (std::filesystem::exists(std::filesystem::symlink_status(view_.layout().work_case(key), unknown)))
            return say("same_name", "a case of the same name is still being worked on",
                       "it is taken when that one has left work/");
        if (held_by_api(true) || cannot_be_told()) return;
        if (seen != nullptr && seen->where == known_entry::place::examining && met_a_fault()) return;
        if (seen != nullptr && seen->where == known_entry::place::waiting && seen->wait == inbox_wait::held_back)
            return say(
                "capacity",
                seen->why + ": those in work/ are tried first, and few more are taken meanwhile" +
                    place_in_line(view_, entry),
                "it is looked at again every few seconds, and taken when those have got through or its turn comes",
                seen->next_look_at);
        const auto limit = live_number("in_hand", "pending_limit");
        const auto used = live_number("in_hand", "pending_used");
        if (limit > 0 && used >= limit)
            return say("capacity",
                       count_words(used, "case is", "cases are") + " in hand, as many as limits.pending allows" +
                           place_in_line(view_, entry),
                       turn);
        const auto uploading = live_number("in_hand", "uploading");
        const auto limit_of_uploads = live_number("in_hand", "uploads_limit");
        const auto allowed = live_number("in_hand", "uploads_allowed");
        const auto before = live_number("in_hand", "before_receipt");
        if (allowed > 0 && before >= allowed && held_by_rate(before)) return;
        if (allowed > 0 && uploading >= allowed)
            return say("capacity",
                       "it waits behind others: " + count_words(uploading, "upload is", "uploads are") +
                           " under way, as many as " +
                           (allowed < limit_of_uploads ? "the API can take now" : "limits.uploads allows") +
                           place_in_line(view_, entry),
                       turn);
        say("ready", "it is ready and about to be taken",
            "at the latest the next scan takes it, within " + format_duration(config().intake.rescan),
            system_clock::now() + config().intake.rescan);
    }

    /// `before`: how many claimed cases have yet to be sent.
    bool held_by_rate(std::uint64_t before) {
        const double rate = config().limits.rate;
        if (rate <= 0 || static_cast<double>(before) <= rate) return false;
        const auto wait = std::chrono::seconds(static_cast<std::int64_t>(static_cast<double>(before) / rate) + 1);
        std::string words = std::to_string(rate);
        words.erase(std::min(words.find_last_not_of('0') + 1, words.size()));
        if (words.ends_with('.')) words.pop_back();
        say("rate",
            "limits.rate lets " + words + " cases a second go, and " + std::to_string(before) +
                " are before the upload",
            "it is sent when its turn comes, in about " + age_words(wait) + " if it is in work/ already",
            from_now(wait));
        return true;
    }

    /// Its end is written into its folder already; what the producer called so has been renamed at the claim.
    bool is_leaving() {
        const auto ending = last_word_in(place_.path);
        if (!ending) return false;
        out_.state = standing::delivering;
        const std::string file = ending->answered ? "result.json" : "error.json";
        const std::string to = ending->answered ? "outbox/" : "failed/";
        if (not_running("it is moved to " + to) || met_a_fault()) return true;
        say("leaving", "it has its " + file + " and is being moved to " + to, "it is there in a moment");
        return true;
    }

    void in_work() {
        if (is_leaving()) return;
        std::optional<ledger::case_history> row;
        for (auto& each : view_.history_of({place_.key.folder, place_.key.name}))
            if (each.state == ledger::case_state::open && each.about.key == place_.key) row = std::move(each);
        if (!row) {
            if (not_running("it is sent, or delivered if it holds an answer already")) return;
            return claimed("", std::nullopt);
        }
        const auto seen = view_.open_case(*row);
        out_.state = seen.state;
        switch (seen.state) {
        case standing::pending:
            return pending(*row);
        case standing::sending:
            if (held_by_system()) return;
            return say("sending", "its upload is under way since " + time_words(*seen.since),
                       "the API's answer, within " + format_duration(config().api.timeouts.request),
                       *seen.since + config().api.timeouts.request);
        case standing::unknown:
            return unknown(*row);
        default:
            if (not_running("it is sent")) return;
            return claimed(seen.detail, row->about.next_try);
        }
    }

    void claimed(const std::string& last, const std::optional<utc_time>& next) {
        if (is_stopping("it is sent")) return;
        if (held_by_system() || held_by_api(true)) return;
        if (last.empty() && has_twin_on_its_way(view_, place_))
            return say("same_bytes", "another case with the same bytes is on its way (intake.dedupe)",
                       "it gets that one's answer; without one it is sent itself");
        const auto uploading = live_number("in_hand", "uploading");
        const bool is_due = !next || *next <= system_clock::now();
        if (!last.empty() && is_due && cannot_be_told()) return;
        if (!last.empty())
            return say("retrying",
                       "the last attempt was not taken: " + last +
                           (repeats_are_held_back()
                                ? "; repeats go one at a time, too many have failed lately (retry.budget)"
                                : ""),
                       !next ? "it is sent again after a pause of " + format_duration(config().retry.max) + " at most"
                       : is_due ? "its pause is over: it is sent again as soon as an upload is free"
                                : "it is sent again, not before " + time_words(*next),
                       is_due ? std::nullopt : next);
        if (cannot_be_told() || held_by_rate(live_number("in_hand", "before_receipt"))) return;
        if (live_number("in_hand", "waiting_for_uploads") > 0)
            return say("capacity",
                       "it waits for its turn: " + count_words(uploading, "upload is", "uploads are") + " under way",
                       "it is sent when one of them has ended");
        if (met_a_fault()) return;
        say("in_hand", "its images are being read and checked", "then it is sent");
    }

    std::string fails_as(const std::string& code) const {
        return again_.empty() ? "it goes to failed/ as " + code
                              : "the re-verification fails as " + code + " and the old answer stands";
    }

    void unknown(const ledger::case_history& row) {
        const auto& last = *row.about.last;
        const auto* target = config().services.find(place_.key.folder);
        const bool hold = config().on_unknown_outcome == unknown_outcome_rule::hold ||
                          (target != nullptr && target->never_repeat_unknown);
        const std::string next = hold ? fails_as("UNKNOWN_OUTCOME") + ", for a person to decide"
                                      : "it is sent again, which may be paid twice (on_unknown_outcome: resubmit)";
        if (not_running(next) || is_stopping(next) || held_by_system() || held_by_api(true)) return;
        const auto again = hold ? std::nullopt : row.about.next_try;
        const bool is_later = again && *again > system_clock::now();
        say("unknown_outcome",
            "attempt " + std::to_string(last.number) + " of " + time_words(last.sent_at) + " has an unknown outcome" +
                (last.what.empty() ? std::string() : ": " + last.what),
            next + (is_later ? "; not before " + time_words(*again) : ""), is_later ? again : std::nullopt);
    }

    void pending(const ledger::case_history& row) {
        const auto& last = *row.about.last;
        const auto then = "task " + last.task_id + " is asked for, and nothing is sent again";
        if (not_running(then) || is_stopping(then)) return;
        if (held_by_system() || held_by_api(false)) return;
        // The ledger notes polls that bring the same every few minutes only; between two of them the daemon counts.
        const auto& key = row.about.key;
        const auto known = view_.known({key.folder, key.name, false, key.lane});
        const auto* task = known && known->task ? &*known->task : nullptr;
        std::size_t polls = 0;
        utc_time asked = last.ended_at.value_or(last.sent_at);
        std::string heard;
        for (const auto& each : row.events) {
            if (each.kind != "polled" || each.at < last.sent_at) continue;
            polls += each.times;
            asked = each.at;
            heard = each.detail;
        }
        const auto receipt = last.ended_at.value_or(last.sent_at);
        const auto age = std::chrono::duration_cast<milliseconds>(asked - receipt);
        auto next = asked + usual_wait(view_, row.about.service, polls, age);
        if (!known && next <= system_clock::now() && cannot_be_told()) return;
        if (task != nullptr) {
            polls += task->polls_not_noted;
            if (!task->heard.empty()) heard = task->heard;
            next = task->next_poll_at;
        }
        const bool is_due = known && (task == nullptr || next <= system_clock::now());
        std::string because = "it waits for the answer of task " + last.task_id + ", for " +
                              age_words(system_clock::now() - receipt) + "; asked " +
                              (task == nullptr && polls > 0 ? "at least " : "") + count_words(polls, "time", "times");
        if (!heard.empty()) because += ", last heard: " + heard;
        say("waiting_for_answer", because,
            (is_due ? "it is being asked for, or is as soon as limits.polls allows"
                    : "asked again in about " + age_words(next - system_clock::now())) +
                "; without an answer by " + time_words(receipt + config().poll.deadline) + " " +
                fails_as("TASK_DEADLINE"),
            std::max(next, system_clock::now()));
    }

    /// A ticket has the case still to be done, or has it in hand: `answered` stands meanwhile.
    bool is_verified_again(const std::string& answered) {
        if (view_.ledger() == nullptr) return false;
        const case_key key(place_.key.folder, place_.key.name, lane::bulk);
        const auto tickets = view_.ledger()->tickets_waiting_for(key);
        if (!tickets) view_.add_trouble(tickets.error());
        if (!tickets || tickets->empty()) return false;
        const auto& ticket = tickets->front(); // what two ask for the first one has
        std::optional<ledger::case_history> row;
        for (auto& each : view_.history_of({key.folder, key.name}))
            if (each.state == ledger::case_state::open && each.about.key == key) row = std::move(each);
        again_ = answered + ", and ticket " + ticket + " has it verified again: ";
        const auto seen = row ? view_.open_case(*row) : seen_case();
        if (seen.state == standing::pending) {
            pending(*row); // whatever its ticket does: what was paid is asked for
        } else if (seen.state == standing::sending) {
            say("sending", "its upload is under way since " + time_words(*seen.since),
                "the API's answer, within " + format_duration(config().api.timeouts.request),
                *seen.since + config().api.timeouts.request);
        } else {
            by_its_ticket(ticket, row, seen);
        }
        return true;
    }

    /// It is to be sent, or sent again, when its ticket lets it.
    void by_its_ticket(const std::string& name, const std::optional<ledger::case_history>& row, const seen_case& seen) {
        const auto now = system_clock::now();
        const auto tickets = tickets_of(view_);
        const auto is_it = [&name](const told_ticket& each) { return each.name == name; };
        const auto ticket = std::find_if(tickets.begin(), tickets.end(), is_it);
        if (ticket == tickets.end()) return say("verified_again", "that ticket has just ended", "ask again");
        if (not_running("the ticket goes on")) return;
        if (ticket->state != "running") {
            const auto next = next_words(*ticket, now);
            return say("verified_again",
                       "the ticket is " + state_words(*ticket) + (ticket->why.empty() ? "" : ", " + ticket->why),
                       next.empty() ? "'kycd status' tells how far the ticket is" : next,
                       ticket->next_event ? std::optional(ticket->next_event->at) : std::nullopt);
        }
        if (row && seen.state == standing::unknown) return unknown(*row);
        if (row) return claimed(seen.detail, row->about.next_try);
        if (held_by_system() || held_by_api(true)) return;
        say("verified_again",
            "it is one of " + count_words(ticket->balance.not_done(), "case", "cases") + " that are to be done",
            "it is sent when its turn comes, behind what is dropped");
    }

    void ended() {
        const auto in = fs::open_folder(place_.path.parent_path());
        const auto paper = in ? read_case_paper(*in, place_.path.filename().string()) : std::nullopt;
        const auto when = time_words(paper && paper->ended_at != utc_time{} ? paper->ended_at : place_.changed);
        if (place_.root == standing::delivered) {
            const bool told = paper && paper->answered && !paper->word.empty();
            const auto answered = "it was answered at " + when + (told ? ", verdict " + paper->word : "");
            if (is_verified_again(answered)) return;
            return say("delivered", answered, "nothing: the answer is in its result.json");
        }
        if (!paper || paper->word.empty())
            return say("failed", "it is in failed/, but its error.json cannot be read", "look into the folder");
        const std::string name = paper->about.name.empty() ? place_.key.name : paper->about.name;
        const bool refused = view_.config().services.find(place_.key.folder) == nullptr;
        say("failed", paper->word + " at " + when + ": " + paper->message,
            paper->advice + " ('kycd retry " + place_.key.folder + "/" + place_.key.name +
                "' puts it back into the inbox" + (name == place_.key.name ? "" : " as " + name) +
                (refused ? " once the service is added)" : ")"));
    }

    spool_view& view_;
    const found_place& place_;
    explanation out_;
    std::string again_; ///< what is said before a reason that concerns a re-verification; empty: it concerns none
};

} // namespace

explanation explain(spool_view& view, const found_place& place) {
    return explainer(view, place).run();
}

explanation explain_missing(const seen_case& seen, const retention_settings& rules) {
    explanation out;
    const auto is_over = [&seen](const std::optional<std::chrono::milliseconds>& limit) {
        return limit && seen.since && std::chrono::system_clock::now() - *seen.since >= *limit;
    };
    const auto removed = [](const char* rule) {
        return std::string(", and its time is over: kycd has removed its folder (") + rule +
               "), unless somebody had taken it before";
    };
    out.path = seen.place.string();
    out.about = seen.key.folder + "/" + seen.key.name;
    out.state = seen.state;
    const std::string when = seen.since ? " at " + time_words(*seen.since) : std::string();
    switch (seen.state) {
    case standing::delivered:
        out.reason = "delivered";
        out.because = "it was delivered" + when + ", verdict " + seen.detail +
                      (is_over(rules.outbox) ? removed("retention.outbox") : ", and somebody has taken its folder");
        break;
    case standing::failed:
        out.reason = "failed";
        out.because = "it failed" + when + " with " + seen.detail +
                      (is_over(rules.failed) ? removed("retention.failed")
                                             : ", and somebody has taken its folder, or it was retried");
        break;
    default:
        out.reason = "gone";
        out.because = "somebody took its folder out of work/" + when;
        break;
    }
    out.next = "nothing; 'kycd show' tells its history";
    return out;
}

} // namespace kyc
