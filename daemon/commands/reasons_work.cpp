#include "commands/explainer.hpp"
#include "commands/ticket_sight.hpp"
#include "commands/waits.hpp"
#include "core/units.hpp"
#include "fs/case_folder.hpp"
#include "text/words.hpp"

#include <algorithm>
#include <utility>

namespace kyc {

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

class work_explainer : public explainer {
  public:
    using explainer::explainer;

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

  private:
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

    bool repeats_are_held_back() {
        const auto pauses = view_.pauses();
        return std::any_of(pauses.begin(), pauses.end(),
                           [](const pause& each) { return each.what == pause::kind::repeats; });
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
};

} // namespace

explanation explain_in_work(spool_view& view, const found_place& place) {
    work_explainer one(view, place);
    one.in_work();
    return one.take();
}

std::optional<explanation> explain_verified_again(spool_view& view, const found_place& place,
                                                  const std::string& answered) {
    work_explainer one(view, place);
    if (!one.is_verified_again(answered)) return std::nullopt;
    return one.take();
}

} // namespace kyc
