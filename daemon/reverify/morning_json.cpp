// report.json of a ticket: schema kycd.reverification/1, docs/schemas/reverification.json.
#include "core/advice_again.hpp"
#include "core/json_members.hpp"
#include "core/json_writer.hpp"
#include "reverify/morning_figures.hpp"
#include "reverify/ticket_words.hpp"

namespace kyc::reverify {

namespace {

/// As many as tell the course of a night.
constexpr std::size_t most_pieces = 96;

void write_milliseconds(json_writer& out, const char* key, const std::optional<std::chrono::milliseconds>& value) {
    out.key(key);
    value ? out.integer(std::int64_t{value->count()}) : out.null();
}

/// Null where there are none.
void write_shares(json_writer& out, const durations& of) {
    for (const auto& [key, share] : {std::pair("p50_ms", 0.5), {"p95_ms", 0.95}, {"p99_ms", 0.99}})
        write_milliseconds(out, key, of.count() == 0 ? std::nullopt : std::optional(of.at(share)));
}

void write_about(json_writer& out, const morning_figures& of) {
    const auto& about = of.from.about;
    out.key("schema");
    out.text("kycd.reverification/1");
    out.key("ticket");
    out.text(about.name);
    out.key("state");
    out.text(to_string(of.state));
    write_known(out, "why", about.why);
    write_time(out, "written_at", of.from.written_at);
    write_time(out, "accepted_at", about.accepted_at);
    write_time(out, "begun_at", about.begun_at);
    write_time(out, "ended_at", about.ended_at);
    out.key("window");
    out.text(of.from.window.describe());
    write_time(out, "goes_on_at",
               of.state == progress::waiting ? std::optional(of.from.window.opens(of.from.written_at)) : std::nullopt);
    out.key("selection");
    out.begin_array();
    for (const auto& words : selection_words(of.from.asked))
        out.text(words);
    out.end_array();
    out.key("left_out");
    out.begin_object();
    write_left_out(out, of.from.left);
    out.end_object();
    write_milliseconds(out, "took_ms", of.took);
    write_milliseconds(out, "open_ms", of.open);
}

void write_figures(json_writer& out, const morning_figures& of) {
    out.key("calls");
    out.begin_object();
    write_number(out, "paid", of.calls);
    out.key("budget");
    of.from.asked.calls ? out.integer(*of.from.asked.calls) : out.null();
    write_number(out, "awaited", of.from.awaited);
    out.end_object();

    out.key("balance");
    out.begin_object();
    of.balance.write(out);
    out.end_object();

    out.key("verdicts");
    out.begin_array();
    for (const auto& row : of.verdicts) {
        out.begin_object();
        out.key("before");
        out.text(to_string(row.before));
        for (std::size_t i = 0; i < verdict_columns.size(); ++i) {
            out.key(to_string(verdict_columns.at(i)));
            out.integer(row.after.at(i));
        }
        write_number(out, "failed", row.cases.failed);
        write_number(out, "skipped", row.cases.skipped);
        write_number(out, "not_done", row.cases.not_done());
        out.end_object();
    }
    out.end_array();
    write_number(out, "newly_expired", of.newly_expired.size());
}

void write_groups(json_writer& out, const morning_figures& of) {
    out.key("causes");
    out.begin_array();
    for (const auto& group : of.causes) {
        out.begin_object();
        out.key("cause");
        out.text(group.word);
        write_number(out, "cases", group.cases.size());
        out.end_object();
    }
    out.end_array();
    out.key("failures");
    out.begin_array();
    for (const auto& group : of.failures) {
        out.begin_object();
        out.key("code");
        out.text(group.key);
        write_number(out, "cases", group.cases.size());
        write_known(out, "advice", advice_again(group.key));
        out.end_object();
    }
    out.end_array();
    out.key("skips");
    out.begin_array();
    for (const auto& group : of.skips) {
        out.begin_object();
        out.key("why");
        out.text(group.key);
        write_number(out, "cases", group.cases.size());
        out.end_object();
    }
    out.end_array();
}

void write_night(json_writer& out, const morning_figures& of) {
    const auto night = cut_night(of.from.cases, of.from.window, most_pieces);
    out.key("answers");
    out.begin_object();
    write_number(out, "cases", of.answered.count());
    write_shares(out, of.answered);
    write_milliseconds(out, "longest_ms", of.answered.count() == 0 ? std::nullopt : std::optional(of.answered.at(1)));
    out.end_object();
    out.key("night");
    out.begin_object();
    out.key("step_seconds");
    out.integer(std::int64_t{night.step.count()});
    out.key("pieces");
    out.begin_array();
    for (const auto& piece : night.pieces) {
        out.begin_object();
        write_time(out, "from", piece.from);
        write_number(out, "unchanged", piece.cases.unchanged);
        write_number(out, "changed", piece.cases.changed);
        write_number(out, "failed", piece.cases.failed);
        write_number(out, "skipped", piece.cases.skipped);
        write_shares(out, piece.answered);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

/// The values are JSON already; they are put in as they are.
void write_differences(json_writer& out, const answer_change* change) {
    out.key("differences");
    if (change == nullptr) return out.null();
    out.begin_array();
    for (const auto& field : change->fields) {
        out.begin_object();
        out.key("field");
        out.text(field.field);
        out.key("before");
        out.verbatim(field.before);
        out.key("after");
        out.verbatim(field.after);
        out.end_object();
    }
    out.end_array();
}

void write_case(json_writer& out, const ledger::ticket_case& each, const answer_change* change) {
    out.begin_object();
    write_number(out, "number", each.number);
    out.key("folder");
    out.text(each.folder);
    out.key("place");
    out.text(each.place);
    out.key("case");
    out.text(each.case_name);
    out.key("service");
    out.text(each.service);
    out.key("canary");
    out.boolean(each.canary);
    out.key("end");
    out.text(end_word(each.end));
    out.key("verdict_before");
    out.text(each.verdict_before);
    write_known(out, "verdict_after", each.verdict_after);
    write_known(out, "cause", each.cause);
    out.key("fields");
    out.begin_array();
    for (const auto& field : each.fields)
        out.text(field);
    out.end_array();
    write_differences(out, change);
    out.key("newly_expired");
    out.boolean(each.newly_expired);
    write_known(out, "code", each.code);
    write_known(out, "why", each.why);
    write_number(out, "calls", each.calls);
    write_time(out, "answered_before", each.answered_before);
    write_time(out, "submitted_at", each.submitted_at);
    write_time(out, "answered_at", each.answered_at);
    write_time(out, "ended_at", each.ended_at);
    out.end_object();
}

/// Those that ended in another way than unchanged, and expired ones; the others are figures here, and lines of the CSV.
void write_cases(json_writer& out, const morning_figures& of) {
    out.key("personal_data");
    out.boolean(static_cast<bool>(of.from.values));
    out.key("cases");
    out.begin_array();
    of.each_case([&out](const ledger::ticket_case& each, const answer_change* values) {
        const bool quiet = each.end == ticket_case_end::unchanged || each.end == ticket_case_end::waiting;
        if (!quiet || each.newly_expired) write_case(out, each, values);
    });
    out.end_array();
}

} // namespace

std::string morning_json(const morning_figures& of) {
    json_writer out;
    out.begin_object();
    write_about(out, of);
    write_figures(out, of);
    write_groups(out, of);
    write_night(out, of);
    write_cases(out, of);
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc::reverify
