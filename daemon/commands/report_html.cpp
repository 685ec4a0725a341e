// The report as a page: what came of the cases in one sentence, a bar for each day, and tables. It needs no script and
// nothing from the network, is readable on a phone, dark or light, and can be printed.
#include "commands/report.hpp"
#include "commands/report_chart.hpp"
#include "commands/words.hpp"
#include "core/failure.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr const char* head = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>kycd report</title>
<style>
:root { color-scheme: light; --ground: #fff; --text: #18212e; --soft: #556173; --edge: #d9dee6; --focus: #0b5cad;
  --pass: #2a7f3f; --fail: #b3261e; --open: #c98a00; --lost: #6b7686; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; --ground: #10151c; --text: #e7ecf3; --soft: #9fadbf;
  --edge: #2c3744; --focus: #82b8ff; --pass: #58b873; --fail: #f0766b; --open: #e6b84c; --lost: #8b98a9; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
  background: var(--ground); color: var(--text); margin: 0; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.125rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; }
.soft, figcaption, caption, .key { color: var(--soft); font-size: .9375rem; }
.sum { font-size: 1.25rem; font-weight: 600; margin-top: 1rem; }
table { border-collapse: collapse; margin: .25rem 0 1rem; }
caption { text-align: left; padding: .25rem 0; }
th, td { text-align: right; padding: .3rem .75rem; border-bottom: 1px solid var(--edge); font-weight: 400; white-space: nowrap; }
thead th { color: var(--soft); vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tbody th:first-child { font-weight: 600; }
tr.all > * { font-weight: 600; border-top: 2px solid var(--edge); }
td.words { text-align: left; white-space: normal; min-width: 16rem; }
table:has(td.words) thead th:last-child { text-align: left; }
@media (max-width: 40rem) { td.bar { display: none; } td.words { min-width: 12rem; } tbody th { white-space: normal; min-width: 8rem; } }
figure { margin: 1rem 0; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
svg { display: block; }
svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--edge); fill: none; }
.key span { margin-right: 1rem; white-space: nowrap; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
@media print {
  main { max-width: none; margin: 0; padding: 0; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .wide { overflow: visible; }
  th, td { padding: .2rem .4rem; white-space: normal; }
  figure, table { break-inside: avoid; }
}
</style>
</head>
<body>
<main>
<h1>kycd report</h1>
)";

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : printable(std::string(text))) {
        switch (c) {
        case '<':
            safe += "&lt;";
            break;
        case '>':
            safe += "&gt;";
            break;
        case '&':
            safe += "&amp;";
            break;
        case '"':
            safe += "&quot;";
            break;
        default:
            safe += c;
        }
    }
    return safe;
}

class page {
  public:
    page() : text_(head) {}

    void paragraph(const std::string& words, const char* kind) {
        text_ += "<p class=\"" + std::string(kind) + "\">" + escaped(words) + "</p>\n";
    }

    void heading(const char* words) { text_ += "<h2>" + escaped(words) + "</h2>\n"; }

    /// A head without a word is of a column that is drawn, and says nothing to who does not see it.
    void begin_table(const char* caption, const std::vector<std::string>& heads) {
        // A keyboard scrolls only what it can reach.
        text_ += "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" + escaped(caption) +
                 "\"><table><caption>" + escaped(caption) + "</caption>\n<thead><tr>";
        for (const auto& each : heads)
            text_ += each.empty() ? "<td class=\"bar\"></td>" : "<th scope=\"col\">" + escaped(each) + "</th>";
        text_ += "</tr></thead>\n<tbody>\n";
    }

    void begin_row(const std::string& name, const char* kind = "") {
        text_ += *kind == '\0' ? "<tr>" : "<tr class=\"" + std::string(kind) + "\">";
        text_ += "<th scope=\"row\">" + escaped(name) + "</th>";
    }

    void cell(const std::string& text) { text_ += "<td>" + escaped(text) + "</td>"; }

    void words(const std::string& text) { text_ += "<td class=\"words\">" + escaped(text) + "</td>"; }

    void drawn(const std::string& svg) { text_ += "<td class=\"bar\">" + svg + "</td>"; }

    void end_row() { text_ += "</tr>\n"; }

    void row(const std::vector<std::string>& cells, const char* kind = "") {
        begin_row(cells.front(), kind);
        for (std::size_t i = 1; i < cells.size(); ++i)
            cell(cells[i]);
        end_row();
    }

    void end_table() { text_ += "</tbody></table></div>\n"; }

    void verbatim(const std::string& html) { text_ += html; }

    std::string finish() && { return std::move(text_) + "</main>\n</body>\n</html>\n"; }

  private:
    std::string text_;
};

/// The one sentence for who reads no table.
std::string sum_words(const outcome_figures& all) {
    if (all.delivered() + all.failed == 0) return "No case ended.";
    return count_words(all.delivered(), "case", "cases") + " delivered (" + std::to_string(all.passed) + " pass, " +
           std::to_string(all.failed_check) + " fail, " + std::to_string(all.inconclusive) + " inconclusive), " +
           std::to_string(all.failed) + " failed; " + count_words(all.paid_calls, "paid call", "paid calls") + ".";
}

void add_failures(page& out, const period& report) {
    std::uint64_t most = 0;
    for (const auto& [code, cases] : report.failures)
        most = std::max(most, cases);
    out.heading("Failed, by code");
    out.begin_table("Cases that ended in failed/", {"code", "cases", "", "what to do"});
    for (const auto& [word, cases] : report.failures) {
        const auto code = failure_code_from(word);
        out.begin_row(word);
        out.cell(std::to_string(cases));
        out.drawn(share_bar(cases, most));
        out.words(code ? std::string(default_advice(*code)) : std::string());
        out.end_row();
    }
    out.end_table();
}

} // namespace

std::string report_html(const period& report) {
    page out;
    const auto all = report.sum();
    out.paragraph("Cases that ended from " + time_words(report.from) + " to " + time_words(report.to), "soft");
    out.paragraph(sum_words(all), "sum");
    out.verbatim(day_chart(report));

    out.heading("By service");
    out.begin_table("What came of the cases of each service, and what was paid", outcome_heads("service"));
    for (const auto& [service, figures] : report.services)
        out.row(outcome_cells(service, figures));
    out.row(outcome_cells("all", all), "all");
    out.end_table();

    if (!report.failures.empty()) add_failures(out, report);

    out.heading("How long delivered cases took");
    out.begin_table("Half, 90 and 99 of 100 took no longer than this", duration_heads("step"));
    for (const auto& row : duration_rows(report))
        out.row(row);
    out.end_table();

    std::map<std::string, outcome_figures> days;
    for (const auto& [day, figures] : report.days)
        days[day.first].add(figures);
    if (!days.empty()) {
        out.heading("By day");
        out.begin_table("Days are those of UTC; days without cases are left out", outcome_heads("day"));
        for (const auto& [date, figures] : days)
            out.row(outcome_cells(date, figures));
        out.end_table();
    }
    return std::move(out).finish();
}

} // namespace kyc
