// The report as a page: what came of the cases in one sentence, a bar for each day, and tables. It needs no script and
// nothing from the network, is readable on a phone, dark or light, and can be printed.
#include "commands/report.hpp"
#include "commands/report_chart.hpp"
#include "core/advice_again.hpp"
#include "text/html_page.hpp"
#include "text/svg_parts.hpp"
#include "text/words.hpp"

#include <algorithm>

namespace kyc {

namespace {

/// The one sentence for who reads no table.
std::string sum_words(const outcome_figures& all) {
    if (all.delivered() + all.failed == 0) return "No case ended.";
    return count_words(all.delivered(), "case", "cases") + " delivered (" + std::to_string(all.passed) + " pass, " +
           std::to_string(all.failed_check) + " fail, " + std::to_string(all.inconclusive) + " inconclusive), " +
           std::to_string(all.failed) + " failed; " + count_words(all.paid_calls, "paid call", "paid calls") + ".";
}

void add_services(html_page& out, const lane_figures& of, lane which, const std::string& caption) {
    out.begin_table(caption, outcome_heads("service", which));
    for (const auto& [service, figures] : of.services)
        out.row(outcome_cells(service, figures, which));
    out.row(outcome_cells("all", of.sum(), which), "all");
    out.end_table();
}

void add_failures(html_page& out, const lane_figures& of, lane which, const std::string& caption) {
    std::uint64_t most = 0;
    for (const auto& [code, cases] : of.failures)
        most = std::max(most, cases);
    out.begin_table(caption, {"code", "cases", "", "what to do"});
    for (const auto& [word, cases] : of.failures) {
        const auto code = failure_code_from(word);
        out.begin_row(word);
        out.cell(std::to_string(cases));
        out.drawn(share_bar(cases, most));
        if (which == lane::bulk)
            out.words(advice_again(word));
        else
            out.words(code ? default_advice(*code) : std::string_view());
        out.end_row();
    }
    out.end_table();
}

} // namespace

std::string report_html(const period& report) {
    html_page out("kycd report");
    const auto& live = report.live;
    out.paragraph("Cases that ended from " + time_words(report.from) + " to " + time_words(report.to), "soft");
    out.paragraph(sum_words(live.sum()), "sum");
    out.verbatim(day_chart(report));

    out.heading("By service");
    add_services(out, live, lane::live, "What came of the cases of each service, and what was paid");

    if (!live.failures.empty()) {
        out.heading("Failed, by code");
        add_failures(out, live, lane::live, "Cases that ended in failed/");
    }

    out.heading("How long delivered cases took");
    out.begin_table("Half, 90 and 99 of 100 took no longer than this", duration_heads("step"));
    for (const auto& row : duration_rows(report))
        out.row(row);
    out.end_table();

    std::map<std::string, outcome_figures> days;
    for (const auto& [day, figures] : live.days)
        days[day.first].add(figures);
    if (!days.empty()) {
        out.heading("By day");
        out.begin_table("Days are those of UTC; days without cases are left out", outcome_heads("day", lane::live));
        for (const auto& [date, figures] : days)
            out.row(outcome_cells(date, figures, lane::live));
        out.end_table();
    }

    if (!report.bulk.services.empty()) {
        out.heading("Re-verifications");
        out.paragraph("Delivered cases that tickets had verified again; they are not among the cases above. What "
                      "changed is told by the "
                      "report of each ticket.",
                      "soft");
        add_services(out, report.bulk, lane::bulk, "What came of them; where one failed, the old answer stands");
        if (!report.bulk.failures.empty()) add_failures(out, report.bulk, lane::bulk, "Re-verifications that failed");
        out.paragraph(bill_words(report) + ".", "sum");
    }
    return std::move(out).finish();
}

} // namespace kyc
