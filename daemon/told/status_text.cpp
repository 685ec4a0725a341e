#include "told/status_text.hpp"

#include "core/json_fields.hpp"
#include "text/words.hpp"
#include "told/pauses.hpp"
#include "told/status_fields.hpp"
#include "told/told_tickets.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

namespace kyc {

namespace json = boost::json;

namespace {

/// "2026-11-20 22:14:05 UTC": these readers do not know what the Z means.
std::string utc_words(utc_time time) {
    auto text = time_words(time);
    text.pop_back();
    return text + " UTC";
}

/// What one pause is to somebody who can only wait or call for help. A fault's own words name paths and errors of
/// calls; the last part, the system's own sentence, is what can be understood.
std::string plain_pause(pause what, utc_time now) {
    if (what.what == pause::kind::fault) {
        const auto last = what.why.rfind(": ");
        if (last != std::string::npos) what.why.erase(0, last + 2);
    }
    return printable(pause_words(what, now));
}

struct waiting_figures {
    std::uint64_t not_ready = 0;
    std::uint64_t waiting = 0;
    std::uint64_t in_work = 0;
    std::uint64_t oldest = 0; ///< seconds in its present state

    void add(const waiting_figures& more) {
        not_ready += more.not_ready;
        waiting += more.waiting;
        in_work += more.in_work;
        oldest = std::max(oldest, more.oldest);
    }

    [[nodiscard]] std::vector<std::string> cells(std::string name) const {
        return {std::move(name), std::to_string(not_ready), std::to_string(waiting), std::to_string(in_work),
                age_words(std::chrono::seconds(oldest))};
    }
};

void write_waiting(std::ostream& out, const json::object& status) {
    std::map<std::string, waiting_figures> all;
    for (const auto* each : objects_in(status, "states")) {
        const auto state = text_in(*each, "state");
        waiting_figures more;
        (state == "not_ready" ? more.not_ready
         : state == "waiting" ? more.waiting
                              : more.in_work) = number_in(*each, "cases");
        more.oldest = number_in(*each, "oldest_seconds");
        if (more.not_ready + more.waiting + more.in_work > 0) all[text_in(*each, "service")].add(more);
    }
    if (all.empty()) {
        out << "Nothing waits.\n";
        return;
    }
    text_table table({"service", "not ready", "waiting", "in work", "oldest"});
    waiting_figures sum;
    for (const auto& [service, of] : all) {
        table.add(of.cells(service));
        sum.add(of);
    }
    if (all.size() > 1) table.add(sum.cells("all"));
    table.print(out, {1, 2, 3, 4});
    out << "\nNot ready: something is missing, or still being written. Waiting: its turn comes, the oldest first.\n"
           "In work: it is being sent, or its answer is awaited. Oldest: how long a case has been so.\n";
    if (const auto words = not_permitted_words(status); !words.empty()) out << "\n" << words << "\n";
    // While all is paused nobody knows.
    const bool paused = !pauses_in(status).empty();
    if (const auto left = number_in(status, "forecast_seconds"); left > 0 && !paused)
        out << "At the rate of the last hour all is done in about " << age_words(std::chrono::seconds(left)) << ".\n";
}

void write_ended(std::ostream& out, const json::object& status) {
    const auto* ended = object_member(status, "ended");
    for (const auto& [key, words] :
         {std::pair("last_hour", "Within the last hour: "), {"last_day", "Within the last day:  "}}) {
        const auto* of = ended != nullptr ? object_member(*ended, key) : nullptr;
        if (of == nullptr) continue;
        out << (std::string_view(key) == "last_hour" ? "\n" : "") << words
            << count_words(number_in(*of, "delivered"), "case", "cases") << " answered, "
            << count_words(number_in(*of, "failed"), "case", "cases") << " failed.\n";
    }
    const auto failures = objects_in(status, "failures");
    if (failures.empty()) return;
    out << "\nWhat failed within the last day went to failed/, each with an error.json that says why:\n";
    for (const auto* each : failures) {
        const auto advice = text_in(*each, "advice");
        out << "  " << printable(text_in(*each, "code")) << ", "
            << count_words(number_in(*each, "cases"), "case", "cases");
        out << (advice.empty() ? "" : ": " + printable(advice)) << "\n";
    }
}

/// "Re-verification ticket night: 1200 of 5000 cases are done, 80 of them changed. …"
void write_told_tickets(std::ostream& out, const json::object& status) {
    const auto tickets = tickets_in(status);
    if (!tickets || tickets->empty()) return;
    out << "\n";
    for (const auto& each : *tickets) {
        const auto& sum = each.balance;
        out << "Re-verification ticket " << printable(each.name) << ": " << sum.ended() << " of "
            << count_words(sum.selected, "case", "cases") << " done, " << sum.changed << " of them changed and "
            << sum.failed << " failed.\n  ";
        out << (each.why.empty() ? "It runs" : "It does not run: " + printable(each.why));
        if (each.next_event && each.next_event->what == "window_opens")
            out << "; it goes on at " << utc_words(each.next_event->at);
        if (each.next_event && each.next_event->what == "window_closes")
            out << "; its window closes at " << utc_words(each.next_event->at);
        if (each.state == "paused") out << "; whoever looks after kycd has to resume it";
        out << ".\n";
    }
}

} // namespace

std::string not_permitted_words(const json::object& status) {
    std::uint64_t cases = 0;
    for (const auto* each : objects_in(status, "inbox"))
        cases += number_in(*each, "not_permitted");
    if (cases == 0) return {};
    return "kycd has no permission to take " + count_words(cases, "case", "cases") +
           " of the inbox: its log names them, and 'kycd why CASE' says what to mend.";
}

std::string status_head(const json::object& status, const text_occasion& when) {
    std::ostringstream out;
    out << "kycd, " << utc_words(when.now) << "\n\n";
    if (when.stopped) {
        out << "kycd has been stopped. What waits is kept, and goes on when it is started again.\n\n";
        return out.str();
    }
    if (bool_member(status, "stopping").value_or(false)) {
        out << "kycd is stopping: it finishes its uploads.";
    } else if (const auto started = from_iso8601(text_in(status, "started_at"))) {
        out << "kycd is running since " << utc_words(*started) << ".";
    } else {
        out << "kycd is running.";
    }
    out << " While it runs, this file is written anew at least every " << when.at_least_every.count()
        << " seconds:\nif the time above is older, tell whoever looks after kycd.\n\n";
    return out.str();
}

std::string status_body(const json::object& status, utc_time now) {
    std::ostringstream out;
    const auto pauses = pauses_in(status);
    for (const auto& each : pauses)
        out << "PAUSED: " << plain_pause(each, now) << "\n";
    const auto needs_a_person = [](const pause& each) { return each.what == pause::kind::credentials; };
    if (std::any_of(pauses.begin(), pauses.end(), needs_a_person)) {
        out << "Nothing is lost meanwhile. Tell whoever looks after kycd: its password for the API has to be "
               "corrected.\n\n";
    } else if (!pauses.empty()) {
        out << "Nothing is lost meanwhile, and kycd goes on by itself.\n\n";
    }
    write_waiting(out, status);
    write_ended(out, status);
    write_told_tickets(out, status);
    return out.str();
}

} // namespace kyc
