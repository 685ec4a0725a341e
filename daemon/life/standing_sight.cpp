#include "life/standing_sight.hpp"

#include "core/report_read.hpp"
#include "fs/case_files.hpp"
#include "fs/removal.hpp"
#include "fs/renew_result.hpp"

#include <algorithm>

namespace kyc::reverify {

namespace {

/// A flat case keeps its files' names, each of which begins with the case's; so does its manifest.
bool looks_flat(const std::vector<file_facts>& sent, const std::vector<std::string>& names,
                const std::string& case_name) {
    const auto is_flat = [&case_name](const file_facts& file) { return file.name.starts_with(case_name + "."); };
    if (!sent.empty()) return std::all_of(sent.begin(), sent.end(), is_flat);
    return !std::binary_search(names.begin(), names.end(), "case.json") &&
           std::binary_search(names.begin(), names.end(), case_name + ".json");
}

} // namespace

std::string history_name(utc_time answered_at) {
    return to_iso8601(answered_at) + ".json";
}

result<standing_sight> look_at(const fs::spool_layout& layout, const bulk_case& which, bool was_sent) {
    const auto& row = which.row;
    const case_key key(row.folder, row.place, lane::bulk);
    standing_sight seen;
    const auto standing = fs::look_at_standing(layout, key);
    if (!standing) return standing.error();
    if (!*standing) {
        seen.objection = has_left;
        return seen;
    }
    seen.folder = (*standing)->folder;
    if (!(*standing)->obstacle.empty()) {
        seen.objection = (*standing)->obstacle;
        return seen;
    }
    const auto said = read_report((*standing)->result);
    const auto names = fs::list_case({case_key(row.folder, row.case_name), seen.folder});
    if (!names) return names.error();
    if ((*standing)->held) {
        seen.objection = std::string("it is held (") + fs::hold_mark + ")";
    } else if (!said || !said->answered) {
        seen.objection = "its result.json cannot be read any more";
    } else if (!was_sent && said->ended_at != row.answered_before) {
        seen.objection = "it was answered anew at " + to_iso8601(said->ended_at) + ", after it had been selected";
    } else {
        seen.flat = looks_flat(said->about.files, *names, row.case_name);
        seen.sent = said->about.files;
        seen.duplicate_of = said->duplicate_of;
    }
    return seen;
}

std::string words_of_leaving(const ledger::case_record& record, const std::string& answer) {
    std::string words(has_left);
    if (!record.has_task()) return words;
    if (answer.empty()) return words + "; the answer to task " + record.task_id() + ", which is paid, is not taken";
    return words + "; the new answer, " + answer + ", could not be kept, the API gave it for task " + record.task_id();
}

std::optional<answer_change> compare_kept(const fs::spool_layout& layout, const ledger::ticket_case& row) {
    if (!row.answered_at) return std::nullopt;
    const case_key key(row.folder, row.place, lane::bulk);
    const auto kept = [&](utc_time answered_at) -> std::optional<std::string> {
        auto old = fs::read_history(layout, key, history_name(answered_at));
        if (!old) return std::nullopt;
        return std::move(*old);
    };
    const auto before = kept(row.answered_before);
    auto after = kept(*row.answered_at);
    if (!after) {
        auto standing = fs::look_at_standing(layout, key);
        if (!standing || !*standing) return std::nullopt;
        const auto said = read_report((*standing)->result);
        if (!said || said->ended_at != *row.answered_at) return std::nullopt;
        after = std::move((*standing)->result);
    }
    if (!before) return std::nullopt;
    return compare_answers(*before, *after);
}

} // namespace kyc::reverify
