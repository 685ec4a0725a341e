// report.html of a ticket: what ran, whether it adds up, what changed and why, what failed, and the course of the
// night.
#include "core/advice_again.hpp"
#include "core/json_text.hpp"
#include "reverify/morning_figures.hpp"
#include "reverify/night_charts.hpp"
#include "reverify/ticket_words.hpp"
#include "text/html_page.hpp"
#include "text/svg_parts.hpp"
#include "text/words.hpp"

#include <algorithm>

namespace kyc::reverify {

namespace {

// A page that nobody reads to its end need not have it; report.csv has every case.
constexpr std::size_t listed_at_most = 1'000;
constexpr std::size_t listed_of_each = 250; ///< of the changes with one cause, where there are more than that
constexpr std::size_t groups_at_most = 20;  ///< of reasons, which may name what they like
constexpr std::size_t names_at_most = 10;   ///< beside a reason
constexpr std::size_t longest_value = 200;  ///< bytes
constexpr std::size_t chart_pieces = 96;
constexpr std::size_t table_pieces = 24;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

/// As it stands in the outbox; the case's name beside it where that is another.
std::string name_of(const ledger::ticket_case& each) {
    auto name = each.folder + "/" + each.place;
    if (each.case_name != each.place) name += " (" + each.case_name + ")";
    if (each.canary) name += ", canary";
    return name;
}

std::string verdicts_of(const ledger::ticket_case& each) {
    return each.verdict_after.empty() ? each.verdict_before
                                      : each.verdict_before + " \xE2\x86\x92 " + each.verdict_after;
}

/// A value of a result.json: texts without their quotes, and not all of what is long.
std::string value_words(const std::string& json) {
    std::string error;
    const auto value = parse_json(json, error);
    if (!error.empty()) return json;
    if (value.is_null()) return "nothing";
    const auto* const text = value.if_string();
    const std::string said = text == nullptr ? json
                             : text->empty() ? "an empty text"
                                             : std::string(text->c_str(), text->size());
    const auto shown = utf8_prefix(said, longest_value);
    return std::string(shown) + (shown.size() < said.size() ? "\xE2\x80\xA6" : "");
}

/// What differs. Without values, the names alone.
std::vector<std::string> difference_lines(const changed_case& change) {
    if (!change.values) {
        std::string names;
        for (const auto& field : change.which->fields)
            names += (names.empty() ? "" : ", ") + field;
        return {names};
    }
    std::vector<std::string> lines;
    for (const auto& field : change.values->fields)
        if (field.field != "verdict")
            lines.push_back(field.field + ": " + value_words(field.before) + " \xE2\x86\x92 " +
                            value_words(field.after));
    if (lines.empty()) lines.emplace_back("the verdict alone");
    return lines;
}

/// With a full stop, whatever it ended with.
std::string sentence(std::string text) {
    if (!text.empty() && std::string_view(".!?").find(text.back()) == std::string_view::npos) text += '.';
    return text;
}

std::string when(const morning_figures& of, const std::optional<utc_time>& time, const char* otherwise) {
    return time ? of.from.window.on_its_clock(*time) + " (" + time_words(*time) + ")" : otherwise;
}

void add_state(html_page& out, const morning_figures& of) {
    const auto& why = of.from.about.why;
    switch (of.state) {
    case progress::running:
        return out.paragraph("It was still running when this was written.", "note");
    case progress::waiting:
        return out.paragraph("Not done yet: it goes on when its window opens, " +
                                 of.from.window.on_its_clock(of.from.window.opens(of.from.written_at)) + ".",
                             "note");
    case progress::paused:
        return out.paragraph(sentence("Paused" + (why.empty() ? std::string() : ": " + why)), "note");
    case progress::ended:
        if (of.balance.not_done() == 0 && why.empty()) return;
        return out.paragraph(sentence((of.balance.not_done() == 0 ? "Ended" : "Ended before all was done") +
                                      (why.empty() ? std::string() : ": " + why)),
                             "note");
    }
}

/// What is paid for and not known yet.
void add_awaited(html_page& out, const morning_figures& of) {
    const auto awaited = of.from.awaited;
    if (awaited == 0) return;
    out.paragraph("The answers to " + count_words(awaited, "paid call", "paid calls") +
                      " were still to come when this was written. Until then their cases count as not done; this "
                      "report is written anew when the answers are there.",
                  "note");
}

/// What nobody would miss in the figures.
void add_left_out(html_page& out, const morning_figures& of) {
    for (const auto& words : left_out_words(of.from.left))
        out.paragraph("Meant, but not selected: " + words + ".", "note");
}

std::string stop_words(const ticket& asked) {
    std::string words;
    if (asked.stop_if_failed) words = bound_words(*asked.stop_if_failed) + " failed";
    if (asked.stop_if_changed)
        words += (words.empty() ? "" : ", or ") + bound_words(*asked.stop_if_changed) + " changed";
    return words;
}

/// "3, all with the verdict they had", "3, of which 1 has another verdict"
std::string canary_words(const std::vector<ledger::ticket_case>& cases) {
    std::uint64_t all = 0;
    std::uint64_t same = 0;
    for (const auto& each : cases) {
        if (!each.canary) continue;
        ++all;
        if (each.verdict_after == each.verdict_before) ++same;
    }
    if (all == 0) return {};
    return number(all) + (same == all ? ", all with the verdict they had"
                                      : ", of which " + number(same) + " with the verdict they had");
}

std::string took_words(const morning_figures& of) {
    auto words = age_words(*of.took);
    if (of.open && *of.open != *of.took) words += ", of which the window was open for " + age_words(*of.open);
    return words;
}

void add_facts(html_page& out, const morning_figures& of) {
    const auto& asked = of.from.asked;
    std::string selected;
    for (const auto& words : selection_words(asked))
        selected += (selected.empty() ? "" : "; ") + words;
    out.begin_facts();
    out.fact("Selected", selected);
    out.fact("Window", of.from.window.describe());
    out.fact("Accepted", when(of, of.from.about.accepted_at, ""));
    out.fact("Begun", when(of, of.from.about.begun_at, "not yet"));
    out.fact("Ended", when(of, of.from.about.ended_at, "not yet"));
    if (of.took) out.fact("Took", took_words(of));
    out.fact("Paid calls", number(of.calls) + (asked.calls ? " of at most " + number(*asked.calls) : std::string()));
    if (const auto canaries = canary_words(of.from.cases); !canaries.empty()) out.fact("Canaries", canaries);
    if (const auto bounds = stop_words(asked); !bounds.empty()) out.fact("Stops if", bounds);
    out.fact("Written", when(of, of.from.written_at, ""));
    out.end_facts();
}

void add_verdicts(html_page& out, const morning_figures& of) {
    out.heading("Verdicts before and after", "verdicts");
    std::vector<std::string> heads{"before \\ after"};
    for (const auto each : verdict_columns)
        heads.emplace_back(to_string(each));
    for (const auto* const each : {"failed", "skipped", "not done", "all"})
        heads.emplace_back(each);
    out.begin_table("A row for the verdict that stood, a column for what became of it; marked: another verdict", heads);
    verdict_row sum;
    sum.cases = of.balance;
    const auto add_row = [&](std::string_view name, const verdict_row& row, const char* kind) {
        out.begin_row(name, kind);
        for (std::size_t i = 0; i < row.after.size(); ++i) {
            const bool moved = *kind == '\0' && row.before != verdict_columns.at(i) && row.after.at(i) != 0;
            out.cell(number(row.after.at(i)), moved ? "moved" : "");
        }
        for (const auto cases : {row.cases.failed, row.cases.skipped, row.cases.not_done(), row.cases.selected})
            out.cell(number(cases));
        out.end_row();
    };
    for (const auto& row : of.verdicts) {
        add_row(to_string(row.before), row, "");
        for (std::size_t i = 0; i < row.after.size(); ++i)
            sum.after.at(i) += row.after.at(i);
    }
    add_row("all", sum, "all");
    out.end_table();
}

void add_causes(html_page& out, const morning_figures& of) {
    out.heading("What changed", "changed");
    if (of.causes.empty()) return out.paragraph("Nothing changed.");
    std::uint64_t most = 0;
    for (const auto& group : of.causes)
        most = std::max<std::uint64_t>(most, group.cases.size());
    out.begin_table("Changed cases by probable cause", {"probable cause", "cases", ""});
    for (const auto& group : of.causes) {
        out.begin_row(group.words);
        out.cell(number(group.cases.size()));
        out.drawn(share_bar(group.cases.size(), most));
        out.end_row();
    }
    out.end_table();
}

/// What a list leaves out.
void add_rest(html_page& out, std::size_t all, std::size_t shown) {
    if (all > shown) out.paragraph("And " + number(all - shown) + " more: report.csv has every case.", "soft");
}

void add_expired(html_page& out, const morning_figures& of) {
    const auto& cases = of.newly_expired;
    if (cases.empty()) return;
    out.heading("Documents that have expired since", "expired");
    out.begin_table(count_words(cases.size(), "case whose document was", "cases whose documents were") +
                        " valid at the answer before, and expired at this one",
                    {"case", "verdict"}, "list");
    const auto shown = std::min(cases.size(), listed_at_most);
    for (std::size_t i = 0; i < shown; ++i) {
        out.begin_row(name_of(*cases[i]));
        out.words(verdicts_of(*cases[i]));
        out.end_row();
    }
    out.end_table();
    add_rest(out, cases.size(), shown);
}

/// Whether the answers that failed cases had are still there.
std::string old_answers_words(const morning_figures& of) {
    const auto have_left = [](const case_group& group) { return group.key == left_outbox; };
    const auto found = std::find_if(of.failures.begin(), of.failures.end(), have_left);
    if (found == of.failures.end()) return "Their old answers stand.";
    if (of.failures.size() == 1) return "They have left the outbox, and their old answers with them.";
    return "Their old answers stand, but for " + count_words(found->cases.size(), "case that has", "cases that have") +
           " left the outbox.";
}

void add_failures(html_page& out, const morning_figures& of) {
    if (of.failures.empty()) return;
    out.heading("Failed", "failed");
    out.paragraph(old_answers_words(of));
    out.begin_table("Failed cases by code", {"code", "cases", "", "what to do"});
    for (const auto& group : of.failures) {
        out.begin_row(group.key);
        out.cell(number(group.cases.size()));
        out.drawn(share_bar(group.cases.size(), of.failures.front().cases.size()));
        out.words(advice_again(group.key));
        out.end_row();
    }
    out.end_table();
    out.begin_table("The failed cases", {"case", "code", "why"}, "list");
    std::size_t shown = 0;
    for (const auto& group : of.failures) {
        for (const auto* const each : group.cases) {
            if (shown == listed_at_most) break;
            ++shown;
            out.begin_row(name_of(*each));
            out.cell(each->code);
            out.words(each->why);
            out.end_row();
        }
    }
    out.end_table();
    add_rest(out, of.balance.failed, shown);
}

void add_skips(html_page& out, const morning_figures& of) {
    if (of.skips.empty()) return;
    out.heading("Skipped", "skipped");
    out.paragraph("They were not sent, and nothing was paid for them.");
    out.begin_table("Skipped cases by reason", {"reason", "cases", "which"}, "list");
    const auto shown = std::min(of.skips.size(), groups_at_most);
    std::size_t told = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& cases = of.skips[i].cases;
        std::string names;
        for (std::size_t j = 0; j < std::min(cases.size(), names_at_most); ++j)
            names += (names.empty() ? "" : ", ") + name_of(*cases[j]);
        if (cases.size() > names_at_most) names += " and " + number(cases.size() - names_at_most) + " more";
        out.begin_row(of.skips[i].key);
        out.cell(number(cases.size()));
        out.words(names);
        out.end_row();
        told += cases.size();
    }
    out.end_table();
    if (told < of.balance.skipped)
        out.paragraph("And " + number(of.balance.skipped - told) + " more for " + number(of.skips.size() - shown) +
                          " other reasons: report.csv has every case.",
                      "soft");
}

void add_night(html_page& out, const morning_figures& of) {
    const auto& window = of.from.window;
    const auto rough = cut_night(of.from.cases, window, table_pieces);
    if (rough.pieces.empty()) return;
    out.heading("The night", "night");
    if (of.answered.count() != 0)
        out.paragraph("Half of the answers came within " + of.answered.words_at(0.5) +
                      " of the receipt, 95 of 100 within " + of.answered.words_at(0.95) + ", 99 of 100 within " +
                      of.answered.words_at(0.99) + ", the last within " + of.answered.words_at(1) + ".");
    const auto fine = cut_night(of.from.cases, window, chart_pieces);
    out.verbatim(throughput_chart(fine, window));
    out.verbatim(latency_chart(fine, window));
    out.begin_table("Cases that ended and how long answers took, in pieces of " + step_words(rough.step),
                    {"from", "unchanged", "changed", "failed", "skipped", "half", "95 %", "99 %"});
    for (const auto& piece : rough.pieces) {
        std::vector<std::string> cells{window.on_its_clock(piece.from)};
        for (const auto cases : {piece.cases.unchanged, piece.cases.changed, piece.cases.failed, piece.cases.skipped})
            cells.push_back(number(cases));
        for (const double share : {0.5, 0.95, 0.99})
            cells.push_back(piece.answered.words_at(share));
        out.row(cells);
    }
    out.end_table();
}

void add_changes(html_page& out, const morning_figures& of) {
    if (of.changes.empty()) return;
    out.heading("Every change", "changes");
    out.paragraph(of.from.values
                      ? "From what to what the fields have changed; who no longer has both answers in the "
                        "outbox is told by the fields' names."
                      : "Which fields differ. From what to what is in the outbox, in result.json and history/ "
                        "of the case: reports.personal_data is off.",
                  "soft");
    // Where not all can be told, something of each cause is.
    const auto most = of.changes.size() > listed_at_most ? listed_of_each : listed_at_most;
    for (const auto& group : of.causes) {
        out.begin_table("Probable cause: " + group.words + " (" + count_words(group.cases.size(), "case", "cases") +
                            ")",
                        {"case", "verdict", "what differs"}, "list");
        const auto shown = std::min(group.cases.size(), most);
        for (std::size_t i = 0; i < shown; ++i) {
            out.begin_row(name_of(*group.cases[i]->which));
            out.cell(verdicts_of(*group.cases[i]->which));
            out.lines(difference_lines(*group.cases[i]));
            out.end_row();
        }
        out.end_table();
        add_rest(out, group.cases.size(), shown);
    }
}

/// Links to the parts that there are.
void add_contents(html_page& out, const morning_figures& of) {
    std::vector<std::pair<std::string, std::string>> parts{{"verdicts", "Verdicts"}, {"changed", "What changed"}};
    if (!of.failures.empty()) parts.emplace_back("failed", "Failed");
    if (!of.skips.empty()) parts.emplace_back("skipped", "Skipped");
    if (!of.newly_expired.empty()) parts.emplace_back("expired", "Expired since");
    if (of.balance.ended() != 0) parts.emplace_back("night", "The night");
    if (!of.changes.empty()) parts.emplace_back("changes", "Every change");
    out.contents(parts);
}

} // namespace

std::string morning_html(const morning_figures& of) {
    html_page out("Re-verification " + of.from.about.name);
    out.paragraph(of.balance.line(), "sum");
    add_state(out, of);
    add_awaited(out, of);
    add_left_out(out, of);
    add_contents(out, of);
    add_facts(out, of);
    add_verdicts(out, of);
    add_causes(out, of);
    add_failures(out, of);
    add_skips(out, of);
    add_expired(out, of);
    add_night(out, of);
    add_changes(out, of);
    return std::move(out).finish();
}

} // namespace kyc::reverify
