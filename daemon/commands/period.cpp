#include "commands/period.hpp"

#include "core/answer.hpp"
#include "core/failure.hpp"
#include "text/words.hpp"

namespace kyc {

void outcome_figures::add(const ledger::case_history& ended) {
    if (ended.state == ledger::case_state::delivered) {
        auto& verdicts = ended.end.word == to_string(verdict::pass)   ? passed
                         : ended.end.word == to_string(verdict::fail) ? failed_check
                                                                      : inconclusive;
        ++verdicts;
        if (ended.accepted == 0 && ended.unknown_outcomes == 0) ++not_paid_again;
    } else {
        ++(ended.state == ledger::case_state::failed ? failed : gone);
    }
    paid_calls += ended.accepted;
    unknown_outcomes += ended.unknown_outcomes;
}

void outcome_figures::add(const outcome_figures& others) {
    passed += others.passed;
    failed_check += others.failed_check;
    inconclusive += others.inconclusive;
    failed += others.failed;
    gone += others.gone;
    paid_calls += others.paid_calls;
    unknown_outcomes += others.unknown_outcomes;
    not_paid_again += others.not_paid_again;
}

outcome_figures lane_figures::sum() const {
    outcome_figures all;
    for (const auto& [service, figures] : services)
        all.add(figures);
    return all;
}

void lane_figures::add(const ledger::case_history& ended) {
    // The folder of a case of no service is a producer's word, perhaps a customer's name.
    const bool is_known = ended.end.word != to_string(failure_code::unknown_service);
    const std::string service = is_known ? ended.about.service : "unknown";
    services[service].add(ended);
    days[{time_words(ended.end.at).substr(0, std::string_view("2026-11-20").size()), service}].add(ended);
    if (ended.state == ledger::case_state::failed) ++failures[ended.end.word];
}

outcome_figures period::bill() const {
    auto all = live.sum();
    all.add(bulk.sum());
    return all;
}

void period::add(const ledger::case_history& ended) {
    if (ended.about.key.lane == lane::bulk) return bulk.add(ended);
    live.add(ended);
    if (ended.state != ledger::case_state::delivered) return;
    whole.add(ended.end.at - ended.about.taken_at);
    const auto& last = ended.about.last;
    if (!last || !last->ended_at || ended.accepted == 0) return;
    upload.add(*last->ended_at - last->sent_at);
    answer.add(ended.end.at - *last->ended_at);
}

std::vector<std::string> outcome_heads(std::string first, lane which) {
    if (which == lane::bulk)
        return {std::move(first), "new answers", "pass",       "fail",
                "inconclusive",   "failed",      "paid calls", "unknown outcomes"};
    return {std::move(first), "delivered",        "pass",          "fail", "inconclusive", "failed",
            "paid calls",     "unknown outcomes", "not paid again"};
}

std::vector<std::string> outcome_cells(std::string name, const outcome_figures& of, lane which) {
    std::vector<std::string> cells{std::move(name)};
    for (const auto number :
         {of.delivered(), of.passed, of.failed_check, of.inconclusive, of.failed, of.paid_calls, of.unknown_outcomes})
        cells.push_back(std::to_string(number));
    if (which == lane::live) cells.push_back(std::to_string(of.not_paid_again)); // a re-verification is always sent
    return cells;
}

std::string bill_words(const period& report) {
    if (report.bulk.services.empty()) return {};
    const auto bill = report.bill();
    return "Paid in all: " + count_words(bill.paid_calls, "call", "calls") + ", " +
           std::to_string(report.live.sum().paid_calls) + " for dropped cases and " +
           std::to_string(report.bulk.sum().paid_calls) + " for re-verifications; " +
           count_words(bill.unknown_outcomes, "submit", "submits") + " with an unknown outcome";
}

std::vector<std::string> duration_heads(std::string first) {
    return {std::move(first), "half of them", "90 %", "99 %", "longest"};
}

std::vector<std::vector<std::string>> duration_rows(const period& report) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [name, of] : {std::pair<const char*, const durations&>("claim to result", report.whole),
                                   {"upload", report.upload},
                                   {"receipt to result", report.answer}}) {
        rows.push_back({name});
        for (const double share : {0.5, 0.9, 0.99, 1.0})
            rows.back().push_back(of.words_at(share));
    }
    return rows;
}

ledger::read_result<period> read_period(ledger::reader& ledger, utc_time from, utc_time to) {
    period found;
    found.from = from;
    found.to = to;
    ledger::case_filter which;
    which.since = from;
    const auto read = ledger.list(which, [&](const ledger::case_history& each) {
        if (each.state != ledger::case_state::open && each.end.at < to) found.add(each);
        return true;
    });
    if (!read) return read.error();
    return found;
}

} // namespace kyc
