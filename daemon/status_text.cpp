#include "status_text.hpp"

#include "commands/words.hpp"
#include "core/failure.hpp"
#include "core/json_fields.hpp"
#include "pauses.hpp"

#include <map>
#include <sstream>
#include <vector>

namespace kyc {

namespace json = boost::json;

namespace {

std::uint64_t number_in(const json::object& from, std::string_view key) {
    const auto* value = member(from, key);
    const auto number = value != nullptr ? integer_of(*value) : std::nullopt;
    return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::string text_in(const json::object& from, std::string_view key) {
    const auto* text = string_member(from, key);
    return text != nullptr ? std::string(view_of(*text)) : std::string();
}

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
};

/// By service, or by the inbox's folder where there is no such service.
std::map<std::string, waiting_figures> waiting_in(const json::object& status) {
    std::map<std::string, waiting_figures> all;
    if (const auto* queues = member(status, "inbox"); queues != nullptr && queues->is_array()) {
        for (const auto& each : queues->get_array()) {
            const auto* queue = each.if_object();
            if (queue == nullptr) continue;
            auto& of = all[text_in(*queue, "folder")];
            of.not_ready += number_in(*queue, "not_ready");
            of.waiting += number_in(*queue, "queued");
        }
    }
    const auto* in_hand = object_member(status, "in_hand");
    const auto* services = in_hand != nullptr ? object_member(*in_hand, "services") : nullptr;
    if (services != nullptr) {
        for (const auto& each : *services)
            all[std::string(each.key())].in_work += number_in(*services, std::string_view(each.key()));
    }
    std::erase_if(
        all, [](const auto& each) { return each.second.not_ready + each.second.waiting + each.second.in_work == 0; });
    return all;
}

void write_waiting(std::ostream& out, const json::object& status) {
    const auto all = waiting_in(status);
    if (all.empty()) {
        out << "Nothing waits.\n";
        return;
    }
    text_table table({"service", "not ready", "waiting", "in work"});
    waiting_figures sum;
    for (const auto& [service, of] : all) {
        table.add({service, std::to_string(of.not_ready), std::to_string(of.waiting), std::to_string(of.in_work)});
        sum.not_ready += of.not_ready;
        sum.waiting += of.waiting;
        sum.in_work += of.in_work;
    }
    if (all.size() > 1)
        table.add({"all", std::to_string(sum.not_ready), std::to_string(sum.waiting), std::to_string(sum.in_work)});
    table.print(out, {1, 2, 3});
    out << "\nNot ready: something is missing, or still being written. Waiting: its turn comes, the oldest first.\n"
           "In work: it is being sent, or its answer is awaited.\n";
}

void write_ended(std::ostream& out, const json::object& status) {
    const auto* counters = object_member(status, "counters");
    if (counters == nullptr) return;
    const auto delivered = number_in(*counters, "delivered");
    const auto failed = number_in(*counters, "failed");
    out << "\nSince kycd was started: " << count_words(delivered, "case", "cases") << " answered";
    const auto* verdicts = object_member(*counters, "verdicts");
    std::string told;
    if (verdicts != nullptr) {
        for (const auto& each : *verdicts)
            told += (told.empty() ? " (" : ", ") + std::to_string(number_in(*verdicts, std::string_view(each.key()))) +
                    " " + std::string(each.key());
    }
    out << told << (told.empty() ? "" : ")") << ", " << count_words(failed, "case", "cases") << " failed.\n";
    const auto* codes = object_member(*counters, "codes");
    if (codes == nullptr || codes->empty()) return;
    out << "\nFailed cases lie in failed/, each with an error.json that says why:\n";
    for (const auto& each : *codes) {
        const std::string word(each.key());
        const auto code = failure_code_from(word);
        out << "  " << printable(word) << ", " << count_words(number_in(*codes, word), "case", "cases");
        if (code) out << ": " << default_advice(*code);
        out << "\n";
    }
}

} // namespace

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
    if (!pauses.empty()) out << "Nothing is lost meanwhile, and kycd goes on by itself.\n\n";
    write_waiting(out, status);
    write_ended(out, status);
    return out.str();
}

} // namespace kyc
