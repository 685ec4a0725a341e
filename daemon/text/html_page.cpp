#include "text/html_page.hpp"

#include "core/plain_text.hpp"

namespace kyc {

namespace {

constexpr std::string_view before_title = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>)";

constexpr std::string_view style = R"(</title>
<style>
:root { color-scheme: light; --ground: #fff; --text: #18212e; --soft: #556173; --edge: #d9dee6; --focus: #0b5cad;
  --pass: #2a7f3f; --fail: #b3261e; --open: #c98a00; --lost: #6b7686; --note: #fdf3dc;
  --same: #8fb0d9; --other: #b45f06; --half: #2f6fc0; --most: #7a4fbf; --all: #8a5a00; }
@media screen and (prefers-color-scheme: dark) { :root { color-scheme: dark; --ground: #10151c; --text: #e7ecf3; --soft: #9fadbf;
  --edge: #2c3744; --focus: #82b8ff; --pass: #58b873; --fail: #f0766b; --open: #e6b84c; --lost: #8b98a9; --note: #2c2413;
  --same: #4b77ad; --other: #f0a04b; --half: #6aa6f0; --most: #b79af0; --all: #e6b84c; } }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums;
  background: var(--ground); color: var(--text); margin: 0; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.125rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; }
.soft, figcaption, caption, .key, dt { color: var(--soft); font-size: .9375rem; }
.sum { font-size: 1.25rem; font-weight: 600; margin-top: 1rem; }
.note { background: var(--note); border-left: 4px solid var(--open); padding: .5rem .75rem; margin: 1rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 1rem 0; }
dd { margin: 0; }
nav ul { list-style: none; margin: 1rem 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
a { color: var(--focus); }
a:focus-visible { outline: 2px solid; outline-offset: 2px; }
table { border-collapse: collapse; margin: .25rem 0 1rem; }
caption { text-align: left; padding: .25rem 0; }
th, td { text-align: right; padding: .3rem .75rem; border-bottom: 1px solid var(--edge); font-weight: 400; white-space: nowrap; overflow-wrap: normal; }
thead th { color: var(--soft); vertical-align: bottom; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tbody th:first-child { font-weight: 600; }
tr.all > * { font-weight: 600; border-top: 2px solid var(--edge); }
tbody th, td.words { overflow-wrap: anywhere; }
td.words { text-align: left; white-space: normal; min-width: 16rem; }
table:has(td.words) thead th:last-child { text-align: left; }
td.moved { font-weight: 600; background: var(--note); }
.list { width: 100%; }
.list th, .list td { text-align: left; vertical-align: top; white-space: normal; }
.list tbody th { font-weight: 400; }
td.words div + div { margin-top: .125rem; }
@media (max-width: 40rem) { td.bar { display: none; } td.words { min-width: 12rem; } tbody th { white-space: normal; min-width: 8rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .list th, .list td { padding: .3rem .75rem .3rem 0; } .list td.words { min-width: 9rem; } .list tbody th { min-width: 7rem; } }
figure { margin: 1rem 0; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
svg { display: block; }
svg text { fill: var(--soft); font-size: 12px; }
.grid { stroke: var(--edge); fill: none; }
.key span { margin-right: 1rem; white-space: nowrap; }
.key i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; }
@page { margin: 15mm; @bottom-right { content: counter(page) " / " counter(pages); font: 9pt system-ui, sans-serif; color: #556173; } }
@media print {
  main { max-width: none; margin: 0; padding: 0; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  nav { display: none; }
  .wide { overflow: visible; }
  th, td { padding: .2rem .4rem; white-space: normal; }
  tbody th { min-width: 11rem; }
  .list tbody th { min-width: 9rem; }
  figure svg { max-width: 100%; height: auto; }
  figure, table, tr, dl, .note { break-inside: avoid; }
  table.list { break-inside: auto; }
  h2, h2 + p, caption { break-after: avoid; }
}
</style>
</head>
<body>
<main>
<h1>)";

} // namespace

std::string html_escaped(std::string_view text) {
    std::string safe;
    for (const char c : printable(text)) {
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

html_page::html_page(std::string_view title) {
    const auto safe = html_escaped(title);
    text_.append(before_title).append(safe).append(style).append(safe).append("</h1>\n");
}

void html_page::paragraph(std::string_view words, const char* kind) {
    text_ += *kind == '\0' ? "<p>" : "<p class=\"" + std::string(kind) + "\">";
    text_ += html_escaped(words) + "</p>\n";
}

void html_page::heading(std::string_view words, const char* id) {
    text_ += *id == '\0' ? "<h2>" : "<h2 id=\"" + html_escaped(id) + "\">";
    text_ += html_escaped(words) + "</h2>\n";
}

void html_page::contents(const std::vector<std::pair<std::string, std::string>>& parts) {
    text_ += "<nav aria-label=\"On this page\"><ul>";
    for (const auto& [id, words] : parts)
        text_ += "<li><a href=\"#" + html_escaped(id) + "\">" + html_escaped(words) + "</a></li>";
    text_ += "</ul></nav>\n";
}

void html_page::begin_facts() {
    text_ += "<dl>\n";
}

void html_page::fact(std::string_view name, std::string_view words) {
    text_ += "<dt>" + html_escaped(name) + "</dt><dd>" + html_escaped(words) + "</dd>\n";
}

void html_page::end_facts() {
    text_ += "</dl>\n";
}

void html_page::begin_table(std::string_view caption, const std::vector<std::string>& heads, const char* kind) {
    const auto safe = html_escaped(caption);
    // A keyboard scrolls only what it can reach.
    text_ += "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" + safe + "\"><table";
    if (*kind != '\0') text_ += " class=\"" + std::string(kind) + "\"";
    text_ += "><caption>" + safe + "</caption>\n<thead><tr>";
    for (const auto& each : heads)
        text_ += each.empty() ? "<td class=\"bar\"></td>" : "<th scope=\"col\">" + html_escaped(each) + "</th>";
    text_ += "</tr></thead>\n<tbody>\n";
}

void html_page::begin_row(std::string_view name, const char* kind) {
    text_ += *kind == '\0' ? "<tr>" : "<tr class=\"" + std::string(kind) + "\">";
    text_ += "<th scope=\"row\">" + html_escaped(name) + "</th>";
}

void html_page::cell(std::string_view text, const char* kind) {
    text_ += *kind == '\0' ? "<td>" : "<td class=\"" + std::string(kind) + "\">";
    text_ += html_escaped(text) + "</td>";
}

void html_page::words(std::string_view text) {
    text_ += "<td class=\"words\">" + html_escaped(text) + "</td>";
}

void html_page::lines(const std::vector<std::string>& texts) {
    text_ += "<td class=\"words\">";
    for (const auto& each : texts)
        text_ += "<div>" + html_escaped(each) + "</div>";
    text_ += "</td>";
}

void html_page::drawn(std::string_view svg) {
    text_.append("<td class=\"bar\">").append(svg).append("</td>");
}

void html_page::end_row() {
    text_ += "</tr>\n";
}

void html_page::row(const std::vector<std::string>& cells, const char* kind) {
    begin_row(cells.front(), kind);
    for (std::size_t i = 1; i < cells.size(); ++i)
        cell(cells[i]);
    end_row();
}

void html_page::end_table() {
    text_ += "</tbody></table></div>\n";
}

std::string html_page::finish() && {
    return std::move(text_) + "</main>\n</body>\n</html>\n";
}

} // namespace kyc
