#include "reverify/morning_figures.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kyc::reverify {

namespace {

static_assert(static_cast<std::size_t>(verdict_columns[0]) == 0 && static_cast<std::size_t>(verdict_columns[1]) == 1 &&
              static_cast<std::size_t>(verdict_columns[2]) == 2);

progress progress_of(const report_source& from) {
    switch (from.about.state) {
    case ledger::ticket_state::pausing:
    case ledger::ticket_state::paused:
        return progress::paused;
    case ledger::ticket_state::reporting:
    case ledger::ticket_state::ended:
        return progress::ended;
    case ledger::ticket_state::selecting:
    case ledger::ticket_state::running:
        break;
    }
    return from.window.is_open(from.written_at) ? progress::running : progress::waiting;
}

void count(verdict_row& in, const ledger::ticket_case& each) {
    ++in.cases.selected;
    in.cases.add(each.end);
    if (each.end == ticket_case_end::unchanged || each.end == ticket_case_end::changed)
        ++in.after.at(static_cast<std::size_t>(verdict_from(each.verdict_after)));
}

std::vector<case_group> most_first(std::map<std::string, case_group> groups) {
    std::vector<case_group> sorted;
    for (auto& [key, group] : groups) {
        group.key = key;
        sorted.push_back(std::move(group));
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const case_group& a, const case_group& b) { return a.cases.size() > b.cases.size(); });
    return sorted;
}

std::vector<cause_group> by_cause(const std::vector<changed_case>& changes) {
    // A cause that this version does not know comes last, under its own word.
    std::map<std::pair<std::size_t, std::string>, cause_group> groups;
    for (const auto& each : changes) {
        const auto& word = each.which->cause;
        const auto known = change_cause_from(word);
        const auto place = known ? static_cast<std::size_t>(*known) : std::size_t{100};
        auto& group = groups[{place, word}];
        group.word = word;
        group.words = known ? std::string(describe(*known)) : word.empty() ? "unknown" : word;
        group.cases.push_back(&each);
    }
    std::vector<cause_group> sorted;
    sorted.reserve(groups.size());
    for (auto& [key, group] : groups)
        sorted.push_back(std::move(group));
    return sorted;
}

} // namespace

std::string_view to_string(progress value) {
    switch (value) {
    case progress::running:
        return "running";
    case progress::waiting:
        return "waiting";
    case progress::paused:
        return "paused";
    case progress::ended:
        return "ended";
    }
    return "";
}

std::string_view end_word(ticket_case_end end) {
    return end == ticket_case_end::waiting ? "not_done" : to_string(end);
}

void morning_figures::each_case(
    const std::function<void(const ledger::ticket_case&, const answer_change*)>& visit) const {
    auto change = changes.begin();
    for (const auto& each : from.cases) {
        const answer_change* values = nullptr;
        if (change != changes.end() && change->which == &each) {
            if (change->values) values = &*change->values;
            ++change;
        }
        visit(each, values);
    }
}

morning_figures work_out(const report_source& from) {
    morning_figures made(from);
    made.state = progress_of(from);
    made.balance.selected = from.cases.size();
    for (std::size_t i = 0; i < made.verdicts.size(); ++i)
        made.verdicts.at(i).before = verdict_columns.at(i);
    std::map<std::string, case_group> failures;
    std::map<std::string, case_group> skips;
    for (const auto& each : from.cases) {
        made.balance.add(each.end);
        made.calls += each.calls;
        count(made.verdicts.at(static_cast<std::size_t>(verdict_from(each.verdict_before))), each);
        if (each.end == ticket_case_end::changed)
            made.changes.push_back({&each, from.values ? from.values(each) : std::nullopt});
        // An older kycd gave some of its ends no code.
        if (each.end == ticket_case_end::failed)
            failures[each.code.empty() ? each.why : each.code].cases.push_back(&each);
        if (each.end == ticket_case_end::skipped) skips[each.why].cases.push_back(&each);
        if (each.newly_expired) made.newly_expired.push_back(&each);
        if (each.submitted_at && each.answered_at) made.answered.add(*each.answered_at - *each.submitted_at);
    }
    made.causes = by_cause(made.changes);
    made.failures = most_first(std::move(failures));
    made.skips = most_first(std::move(skips));
    if (from.about.begun_at) {
        const auto until = std::max(from.about.ended_at.value_or(from.written_at), *from.about.begun_at);
        made.took = std::chrono::duration_cast<std::chrono::milliseconds>(until - *from.about.begun_at);
        made.open = open_between(from.window, *from.about.begun_at, until);
    }
    return made;
}

} // namespace kyc::reverify
