// report.csv of a ticket: a line for each case, in the order in which they run.
#include "reverify/morning_figures.hpp"
#include "text/csv_cell.hpp"

namespace kyc::reverify {

namespace {

constexpr std::string_view heads = "number,folder,place,case,service,canary,end,verdict_before,verdict_after,cause,"
                                   "fields,newly_expired,code,why,calls,"
                                   "answered_before,submitted_at,answered_at,ended_at,answer_ms,differences";

std::string time_cell(const std::optional<utc_time>& time) {
    return time ? to_iso8601(*time) : std::string();
}

std::string_view truth(bool value) {
    return value ? "true" : "false";
}

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "" : " ") + name;
    return text;
}

std::string answer_ms(const ledger::ticket_case& each) {
    if (!each.submitted_at || !each.answered_at) return {};
    durations one;
    one.add(*each.answered_at - *each.submitted_at);
    return std::to_string(one.at(1).count());
}

/// `document.number: "A" -> "B"; …`, with the values as JSON.
std::string differences(const answer_change& change) {
    std::string text;
    for (const auto& field : change.fields)
        text += (text.empty() ? "" : "; ") + field.field + ": " + field.before + " -> " + field.after;
    return text;
}

} // namespace

std::string morning_csv(const morning_figures& of) {
    std::string text(heads);
    text += "\r\n";
    of.each_case([&text](const ledger::ticket_case& each, const answer_change* values) {
        text += std::to_string(each.number);
        for (const auto& cell : {each.folder,
                                 each.place,
                                 each.case_name,
                                 each.service,
                                 std::string(truth(each.canary)),
                                 std::string(end_word(each.end)),
                                 each.verdict_before,
                                 each.verdict_after,
                                 each.cause,
                                 joined(each.fields),
                                 std::string(truth(each.newly_expired)),
                                 each.code,
                                 each.why,
                                 std::to_string(each.calls),
                                 to_iso8601(each.answered_before),
                                 time_cell(each.submitted_at),
                                 time_cell(each.answered_at),
                                 time_cell(each.ended_at),
                                 answer_ms(each),
                                 values == nullptr ? std::string() : differences(*values)})
            text += "," + csv_cell(cell);
        text += "\r\n";
    });
    return text;
}

} // namespace kyc::reverify
