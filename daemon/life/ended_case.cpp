#include "life/ended_case.hpp"

#include "core/report_read.hpp"

namespace kyc {

namespace {

ledger::case_end end_of(const report_facts& said, std::string_view text) {
    ledger::case_end end;
    end.state = said.answered ? ledger::case_state::delivered : ledger::case_state::failed;
    end.at = said.ended_at;
    end.word = said.word;
    end.stage = said.stage;
    end.message = said.message;
    if (said.answered) end.reply = reply_in_result(text);
    return end;
}

} // namespace

ledger::case_end end_in_report(std::string_view text) {
    const auto said = read_report(text);
    return said ? end_of(*said, text) : ledger::case_end();
}

std::optional<ledger::case_history> ended_case_in(const fs::ended_place& where) {
    const auto text = fs::read_report_in(where);
    if (!text || !*text) return std::nullopt;
    const auto said = read_report(**text);
    if (!said) return std::nullopt;
    ledger::case_history ended;
    auto& about = ended.about;
    about.key =
        case_key(where.key.folder, said->about.name.empty() ? where.key.name : said->about.name, said->about.lane);
    about.service = said->about.service;
    about.attempts = said->task.attempts;
    about.polls = said->task.polls;
    about.duplicate_of = said->duplicate_of;
    about.taken_at = said->answered ? said->task.submitted_at : said->ended_at;
    if (about.attempts > 0) {
        ledger::attempt last;
        last.number = about.attempts;
        last.sent = said->about.files;
        last.sent_at = about.taken_at;
        last.ended_at = about.taken_at;
        last.task_id = said->task.id;
        last.outcome = said->answered ? ledger::attempt_outcome::accepted : ledger::attempt_outcome::refused;
        last.what = "read from the case's folder, since the ledger was lost";
        about.last = std::move(last);
    }
    ended.end = end_of(*said, **text);
    ended.end.place = where.folder.string();
    ended.state = ended.end.state;
    return ended;
}

ledger::case_end end_of_moved_case(const fs::spool_layout& layout, const ledger::case_record& record) {
    for (const auto& where : fs::places_of(layout, record.key)) {
        const auto ended = ended_case_in(where);
        if (!ended) continue;
        const bool same_task = ended->state != ledger::case_state::delivered || !ended->about.last ||
                               record.task_id().empty() || ended->about.last->task_id == record.task_id();
        if (same_task) return ended->end;
    }
    return {};
}

} // namespace kyc
