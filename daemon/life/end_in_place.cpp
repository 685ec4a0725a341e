#include "life/end_in_place.hpp"

#include "core/advice_again.hpp"
#include "core/answer_change.hpp"
#include "core/fault_point.hpp"
#include "core/report_read.hpp"
#include "fs/crash_notes.hpp"
#include "fs/renew_result.hpp"
#include "life/case_run.hpp"
#include "life/standing_sight.hpp"
#include "log/crash_blame.hpp"
#include "log/log.hpp"

#include <optional>

namespace kyc::reverify {

namespace {

/// How the two answers differ, into the ticket's row.
void note_change(ledger::ticket_case& row, const std::string& before, const std::string& after) {
    const auto said = read_report(after);
    if (said) row.verdict_after = said->word;
    const auto change = compare_answers(before, after);
    const bool changed = change ? change->changed() : row.verdict_before != row.verdict_after;
    row.end = changed ? ticket_case_end::changed : ticket_case_end::unchanged;
    if (!change) return; // the old text is not as kycd wrote it: the verdicts alone can be compared
    row.verdict_before = to_string(change->before);
    row.verdict_after = to_string(change->after);
    if (change->cause) row.cause = word_of(*change->cause);
    for (const auto& each : change->fields)
        row.fields.push_back(each.field);
    row.newly_expired = change->newly_expired;
}

void note_times(case_run& run, ledger::ticket_case& row) {
    if (!run.record().task_id().empty()) row.submitted_at = run.record().submitted_at();
    row.ended_at = std::chrono::system_clock::now();
    row.calls = run.start.again->calls;
}

/// The ticket's row and, where there is one, the case's record: together.
async::awaitable<void> close(case_run& run, ledger::case_end end) {
    auto& world = run.world;
    auto& again = *run.start.again;
    note_times(run, again.row);
    if (world.crashes.erase(run.key()) != 0) {
        auto forget = [&run]() { return fs::forget_crashes(run.world.layout, run.key()); };
        co_await keep_trying_on_pool(world, forget);
    }
    std::optional<ledger::closed_case> closed;
    if (run.record().last) {
        end.at = *again.row.ended_at;
        end.place = again.folder.string();
        closed = ledger::closed_case{run.record(), std::move(end)};
    }
    auto step = [&world, &again, &closed]() {
        return world.ledger.tickets().end_ticket_case(again.ticket, again.row, closed);
    };
    co_await keep_trying(world, step);
    fault_point("ticket.case_closed", run.key().name);
    again.keeper().ended(again);
}

log::fields about_end(case_run& run) {
    auto about = run.about();
    const auto& row = run.start.again->row;
    about.emplace_back("end", std::string(to_string(row.end)));
    if (!row.verdict_after.empty()) about.emplace_back("verdict", row.verdict_after);
    if (!row.code.empty()) about.emplace_back("code", row.code);
    return about;
}

/// What stands in outbox/, or case_vanished.
async::awaitable<fs::standing_case> standing_case_of(case_run& run) {
    auto look = [&run]() -> result<std::optional<fs::standing_case>> {
        const crash_blame working_on(run.record());
        return fs::look_at_standing(run.world.layout, run.key());
    };
    auto standing = co_await keep_trying_on_pool(run.world, look);
    if (!standing) throw case_vanished();
    co_return std::move(*standing);
}

async::awaitable<void> note_answer(case_run& run, const std::string& before, const std::string& after) {
    auto& row = run.start.again->row;
    {
        const crash_blame working_on(run.record());
        note_change(row, before, after);
    }
    ledger::case_end end;
    end.state = ledger::case_state::delivered;
    end.word = row.verdict_after;
    if (run.keeps_reply()) end.reply = reply_in_result(after); // the newest is what the same bytes are answered with
    co_await close(run, std::move(end));
    log::info("verified again", about_end(run));
}

/// Whether such an error can come from what one case's folder is or allows.
bool may_be_own(const fault& met) {
    return met.code == std::errc::not_a_directory || met.code == std::errc::too_many_symbolic_link_levels ||
           met.code == std::errc::permission_denied || met.code == std::errc::operation_not_permitted ||
           met.code == std::errc::is_a_directory;
}

/// What a case's own folder has in the way of a new answer: somebody put something else there, or took permissions
/// away. Empty: none that can be named. Blocks.
std::string obstacle_there(case_run& run, const fault& met) {
    if (!may_be_own(met)) return {};
    const auto standing = fs::look_at_standing(run.world.layout, run.key());
    return standing && *standing ? (*standing)->obstacle : std::string();
}

/// The same for what was to be written beside or over files that stand there. Empty: the fault is the system's, and is
/// waited out. Blocks.
std::string own_obstacle(case_run& run, const fault& met) {
    auto found = obstacle_there(run, met);
    if (!found.empty()) return found;
    const bool of_one_file = met.code == std::errc::is_a_directory || met.code == std::errc::operation_not_permitted;
    if (!of_one_file) return {};
    return "what stands in its folder in the place of result.json or of a file of the history cannot be replaced (" +
           met.code.message() + ")";
}

/// The paid answer cannot take the place of the old one, which has no place in its turn: it is kept beside it, unless
/// that is not possible either.
async::awaitable<void> keep_beside(case_run& run, const std::string& obstacle, const std::string& text) {
    auto& row = run.start.again->row;
    const auto said = read_report(text);
    const auto name = "result." + history_name(said->ended_at);
    auto keep = [&]() -> result<bool> {
        const crash_blame working_on(run.record());
        const auto done = fs::write_in_case(run.folder(), name, text, run.world.access);
        if (done) return true;
        if (!obstacle_there(run, done.error()).empty()) return false;
        return unless_vanished(run, done.error());
    };
    const bool kept = co_await keep_trying_on_pool(run.world, keep);
    row.end = ticket_case_end::failed;
    row.code = not_replaced;
    row.why =
        obstacle + "; the new answer, " + said->word +
        (kept ? ", is in " + name + " beside the old one, which stands"
              : ", could not be kept, the API gave it for task " + run.record().task_id() + "; the old one stands");
    ledger::case_end end;
    end.state = ledger::case_state::failed;
    end.stage = to_string(stage::deliver);
    end.message = row.why;
    co_await close(run, std::move(end));
    log::warning("verified again, but the answer could not take its place: " + row.why, about_end(run));
}

} // namespace

async::awaitable<void> end_answered(case_run& run, std::string text) {
    run.start.again->answered = read_report(text)->word;
    const auto standing = co_await standing_case_of(run);
    if (!standing.obstacle.empty()) { // what could not be read must not become history
        co_await keep_beside(run, standing.obstacle, text);
        co_return;
    }
    const auto& before = standing.result;
    const auto said = read_report(before);
    const auto name = history_name(said ? said->ended_at : run.start.again->row.answered_before);
    auto renew = [&]() -> result<std::string> {
        const crash_blame working_on(run.record());
        auto done = fs::renew_result(run.world.layout, run.key(), name, before, text, run.world.access);
        if (done) return std::string();
        auto obstacle = own_obstacle(run, done.error());
        if (obstacle.empty()) return unless_vanished(run, done.error());
        return obstacle;
    };
    const auto obstacle = co_await keep_trying_on_pool(run.world, renew);
    if (!obstacle.empty()) {
        co_await keep_beside(run, obstacle, text);
        co_return;
    }
    fault_point("result.renewed", run.key().name);
    run.start.again->row.answered_at = read_report(text)->ended_at;
    co_await note_answer(run, before, text);
}

async::awaitable<bool> end_answered_before(case_run& run) {
    const auto& task = run.record().task_id();
    if (task.empty()) co_return false;
    const auto standing = co_await standing_case_of(run);
    const auto& after = standing.result;
    const auto said = read_report(after);
    if (!said || said->task.id != task) co_return false;
    auto& row = run.start.again->row;
    row.answered_at = said->ended_at;
    auto read = [&run, &row]() {
        return fs::read_history(run.world.layout, run.key(), history_name(row.answered_before));
    };
    const auto before = co_await keep_trying_on_pool(run.world, read);
    co_await note_answer(run, before.value_or(std::string()), after);
    co_return true;
}

async::awaitable<void> end_failed(case_run& run, failure why, std::string text) {
    auto& row = run.start.again->row;
    row.code = to_string(why.code);
    row.why = why.message;
    const bool sent = run.record().last.has_value();
    row.end = sent ? ticket_case_end::failed : ticket_case_end::skipped;
    if (sent) {
        // When the ticket took it: the same after a crash here, although what was refused is then asked once more.
        const auto name = to_iso8601(run.record().taken_at) + ".error.json";
        auto keep = [&]() -> result<void> {
            const crash_blame working_on(run.record());
            auto done = fs::add_to_history(run.world.layout, run.key(), name, text, run.world.access);
            if (done || !own_obstacle(run, done.error()).empty()) return {}; // the report has the error, too
            return unless_vanished(run, done.error());
        };
        co_await keep_trying_on_pool(run.world, keep);
    }
    ledger::case_end end;
    end.state = ledger::case_state::failed;
    end.word = to_string(why.code);
    end.stage = to_string(why.stage);
    end.message = why.message;
    co_await close(run, std::move(end));
    if (sent) {
        log::warning("not verified again, the old answer stands: " + why.message, about_end(run));
    } else {
        log::info("not sent again: " + why.message, about_end(run));
    }
}

async::awaitable<void> end_vanished(case_run& run) {
    auto& row = run.start.again->row;
    row.end = run.record().last ? ticket_case_end::failed : ticket_case_end::skipped;
    row.why = words_of_leaving(run.record(), run.start.again->answered);
    if (run.record().last) row.code = left_outbox;
    ledger::case_end end;
    co_await close(run, std::move(end));
    log::info("not verified again: " + row.why, about_end(run));
}

} // namespace kyc::reverify
