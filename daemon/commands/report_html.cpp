// The report as a page: tables, and a bar for each day.
#include "commands/report.hpp"
#include "commands/words.hpp"

#include <algorithm>
#include <array>

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
:root { color-scheme: light dark; --pass: #2a7f3f; --fail: #b3261e; --open: #b07d00; --lost: #6b6f76; }
@media (prefers-color-scheme: dark) { :root { --pass: #6bc47f; --fail: #ff8a80; --open: #e6b84c; --lost: #9aa0a6; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
.wide { overflow-x: auto; }
caption { text-align: left; font-weight: bold; padding: .25rem 0; }
th, td { text-align: right; padding: .25rem .75rem; border-bottom: 1px solid #8885; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tr.all { font-weight: bold; }
.key span { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
</style>
</head>
<body>
<h1>kycd report</h1>
)";

/// What a bar is made of, from below.
struct segment {
    const char* name;
    const char* colour;
    std::uint64_t outcome_figures::*cases;
};

constexpr std::array<segment, 4> segments{{{"pass", "var(--pass)", &outcome_figures::passed},
                                           {"fail", "var(--fail)", &outcome_figures::failed_check},
                                           {"inconclusive", "var(--open)", &outcome_figures::inconclusive},
                                           {"failed", "var(--lost)", &outcome_figures::failed}}};

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

    void paragraph(const std::string& words) { text_ += "<p>" + escaped(words) + "</p>\n"; }

    void begin_table(const char* caption, const std::vector<std::string>& heads) {
        text_ += "<div class=\"wide\"><table><caption>" + escaped(caption) + "</caption>\n<thead><tr>";
        for (const auto& each : heads)
            text_ += "<th scope=\"col\">" + escaped(each) + "</th>";
        text_ += "</tr></thead>\n<tbody>\n";
    }

    void row(const std::vector<std::string>& cells, const char* kind = "") {
        text_ += *kind == '\0' ? "<tr>" : "<tr class=\"" + std::string(kind) + "\">";
        for (std::size_t i = 0; i < cells.size(); ++i)
            text_ += (i == 0 ? "<th scope=\"row\">" : "<td>") + escaped(cells[i]) + (i == 0 ? "</th>" : "</td>");
        text_ += "</tr>\n";
    }

    void end_table() { text_ += "</tbody></table></div>\n"; }

    void verbatim(const std::string& html) { text_ += html; }

    std::string finish() && { return std::move(text_) + "</body>\n</html>\n"; }

  private:
    std::string text_;
};

/// A bar for each day. The table below says the same in numbers, so a screen reader is told to pass this over.
std::string chart(const std::map<std::string, outcome_figures>& days) {
    constexpr std::uint64_t height = 160;
    constexpr std::uint64_t step = 24;
    std::uint64_t most = 1;
    for (const auto& [date, of] : days)
        most = std::max(most, of.delivered() + of.failed);
    const auto width = std::to_string(days.size() * step);
    std::string svg = "<div class=\"wide\"><svg aria-hidden=\"true\" width=\"" + width + "\" height=\"" +
                      std::to_string(height) + "\" viewBox=\"0 0 " + width + " " + std::to_string(height) + "\">\n";
    std::uint64_t x = 2;
    for (const auto& [date, of] : days) {
        std::uint64_t below = 0;
        for (const auto& part : segments) {
            const auto cases = of.*part.cases;
            const auto from = below * height / most;
            below += cases;
            const auto to = below * height / most;
            if (cases == 0) continue;
            svg += "<rect x=\"" + std::to_string(x) + "\" y=\"" + std::to_string(height - to) + "\" width=\"" +
                   std::to_string(step - 4) + "\" height=\"" + std::to_string(to - from) + "\" fill=\"" + part.colour +
                   "\"><title>" + date + ": " + std::to_string(cases) + " " + part.name + "</title></rect>\n";
        }
        x += step;
    }
    svg += "</svg></div>\n<p class=\"key\" aria-hidden=\"true\">Cases a day, " + std::to_string(most) + " at most:";
    for (const auto& part : segments)
        svg += "<span style=\"background:" + std::string(part.colour) + "\"></span>" + part.name;
    return svg + "</p>\n";
}

} // namespace

std::string report_html(const period& report) {
    page out;
    out.paragraph("Cases that ended from " + time_words(report.from) + " to " + time_words(report.to));
    out.begin_table("By service", outcome_heads(""));
    for (const auto& [service, figures] : report.services)
        out.row(outcome_cells(service, figures));
    out.row(outcome_cells("all", report.sum()), "all");
    out.end_table();

    std::map<std::string, outcome_figures> days;
    for (const auto& [day, figures] : report.days)
        days[day.first].add(figures);
    if (!days.empty()) out.verbatim(chart(days));
    out.begin_table("By day (UTC)", outcome_heads(""));
    for (const auto& [date, figures] : days)
        out.row(outcome_cells(date, figures));
    out.end_table();

    if (!report.failures.empty()) {
        out.begin_table("Failed, by code", {"", "cases"});
        for (const auto& [code, cases] : report.failures)
            out.row({code, std::to_string(cases)});
        out.end_table();
    }
    out.begin_table("How long delivered cases took", duration_heads(""));
    for (const auto& row : duration_rows(report))
        out.row(row);
    out.end_table();
    return std::move(out).finish();
}

} // namespace kyc
