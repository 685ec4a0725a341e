#include "commands/explainer.hpp"
#include "commands/waits.hpp"
#include "core/units.hpp"
#include "fs/case_folder.hpp"
#include "fs/file_state.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// The order of the inbox.
constexpr const char* turn = "it is taken when its turn comes: those of high priority first, then the oldest";

class inbox_explainer : public explainer {
  public:
    using explainer::explainer;

    void in_inbox() {
        const auto& entry = *place_.entry;
        const auto inbox = fs::make_inbox(view_.layout(), config().intake, config().services);
        const auto found = inbox->examine(entry, false);
        if (!found) {
            const bool is_closed = !fs::intake::is_no_folder(found.error().code);
            say("unreadable", found.error().message(),
                std::string(is_closed ? "let kycd's user read it; " : "") + "it is looked at again by itself");
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

  private:
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
};

} // namespace

explanation explain_in_inbox(spool_view& view, const found_place& place) {
    inbox_explainer one(view, place);
    one.in_inbox();
    return one.take();
}

} // namespace kyc
