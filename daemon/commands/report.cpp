#include "commands/report.hpp"

#include "commands/complain.hpp"
#include "config/settings_yaml.hpp"
#include "core/issue_advice.hpp"
#include "core/json_writer.hpp"
#include "fs/spool_identity.hpp"
#include "text/csv_cell.hpp"
#include "text/words.hpp"

#include <iostream>

namespace kyc {

namespace {

std::string gone_words(std::uint64_t cases, lane which) {
    if (which == lane::live) return count_words(cases, "case was", "cases were") + " taken out of work/ by somebody";
    return count_words(cases, "was", "were") + " given up: the ticket ended, or the case left outbox/";
}

void print_lane(const lane_figures& of, lane which) {
    const auto all = of.sum();
    text_table outcomes(outcome_heads("service", which));
    for (const auto& [service, figures] : of.services)
        outcomes.add(outcome_cells(service, figures, which));
    outcomes.add(outcome_cells("all", all, which));
    outcomes.print(std::cout, {1, 2, 3, 4, 5, 6, 7, 8});
    if (all.gone != 0) std::cout << "\n" << gone_words(all.gone, which) << "\n";
    if (of.failures.empty()) return;
    std::cout << "\n";
    text_table failures({"failed with", "cases"});
    for (const auto& [code, cases] : of.failures)
        failures.add({code, std::to_string(cases)});
    failures.print(std::cout, {1});
}

void print_text(const period& report) {
    std::cout << "Cases that ended from " << time_words(report.from) << " to " << time_words(report.to) << "\n\n";
    print_lane(report.live, lane::live);
    std::cout << "\n";
    text_table times(duration_heads("delivered cases took"));
    for (const auto& row : duration_rows(report))
        times.add(row);
    times.print(std::cout, {1, 2, 3, 4});
    if (report.bulk.services.empty()) return;
    std::cout << "\nRe-verifications that ended; what changed is told by the report of each ticket\n\n";
    print_lane(report.bulk, lane::bulk);
    std::cout << "\n" << bill_words(report) << "\n";
}

/// The service of a case of no service is a producer's folder, of whatever name.
void print_csv(const period& report) {
    std::cout << "date,service,delivered,pass,fail,inconclusive,failed,gone,paid_calls,unknown_outcomes,not_paid_again,"
                 "lane\n";
    for (const auto& [which, figures] : {std::pair(lane::live, &report.live), std::pair(lane::bulk, &report.bulk)}) {
        for (const auto& [day, of] : figures->days) {
            std::cout << day.first << ',' << csv_cell(day.second);
            for (const auto number : {of.delivered(), of.passed, of.failed_check, of.inconclusive, of.failed, of.gone,
                                      of.paid_calls, of.unknown_outcomes, of.not_paid_again})
                std::cout << ',' << number;
            std::cout << ',' << to_string(which) << '\n';
        }
    }
}

void write_figures(json_writer& out, const outcome_figures& of) {
    const std::pair<const char*, std::uint64_t> fields[] = {{"delivered", of.delivered()},
                                                            {"pass", of.passed},
                                                            {"fail", of.failed_check},
                                                            {"inconclusive", of.inconclusive},
                                                            {"failed", of.failed},
                                                            {"gone", of.gone},
                                                            {"paid_calls", of.paid_calls},
                                                            {"unknown_outcomes", of.unknown_outcomes},
                                                            {"not_paid_again", of.not_paid_again}};
    for (const auto& [name, number] : fields) {
        out.key(name);
        out.integer(number);
    }
}

void write_durations(json_writer& out, const char* name, const durations& of) {
    out.key(name);
    out.begin_object();
    out.key("cases");
    out.integer(std::uint64_t{of.count()});
    for (const auto& [key, share] : {std::pair("p50", 0.5), {"p90", 0.9}, {"p99", 0.99}, {"max", 1.0}}) {
        out.key(key);
        out.integer(std::int64_t{of.at(share).count()});
    }
    out.end_object();
}

/// The keys of one lane, into an object that is begun.
void write_lane(json_writer& out, const lane_figures& of) {
    out.key("all");
    out.begin_object();
    write_figures(out, of.sum());
    out.end_object();
    out.key("services");
    out.begin_object();
    for (const auto& [service, figures] : of.services) {
        out.key(service);
        out.begin_object();
        write_figures(out, figures);
        out.end_object();
    }
    out.end_object();
    out.key("days");
    out.begin_array();
    for (const auto& [day, figures] : of.days) {
        out.begin_object();
        out.key("date");
        out.text(day.first);
        out.key("service");
        out.text(day.second);
        write_figures(out, figures);
        out.end_object();
    }
    out.end_array();
    out.key("failures");
    out.begin_object();
    for (const auto& [code, cases] : of.failures) {
        out.key(code);
        out.integer(cases);
    }
    out.end_object();
}

void print_json(const period& report) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.report/1");
    out.key("from");
    out.text(to_iso8601(report.from));
    out.key("to");
    out.text(to_iso8601(report.to));
    write_lane(out, report.live);
    out.key("milliseconds");
    out.begin_object();
    write_durations(out, "claim_to_result", report.whole);
    write_durations(out, "upload", report.upload);
    write_durations(out, "receipt_to_result", report.answer);
    out.end_object();
    out.key("reverifications");
    out.begin_object();
    write_lane(out, report.bulk);
    out.end_object();
    out.key("bill");
    out.begin_object();
    const auto bill = report.bill();
    out.key("paid_calls");
    out.integer(bill.paid_calls);
    out.key("unknown_outcomes");
    out.integer(bill.unknown_outcomes);
    out.end_object();
    out.end_object();
    std::cout << std::move(out).finish();
}

/// Without a ledger everything is nought: true where kycd has not run yet, and nowhere else.
std::optional<std::string> missing_ledger(const settings& config) {
    const auto identity = fs::read_identity(fs::spool_layout(config.folders));
    if (!identity && fs::is_absent(identity.error())) return std::nullopt;
    if (!identity) return "there is no ledger " + config.ledger.string() + ", and " + identity.error().message();
    if (!*identity) return std::nullopt;
    return "there is no ledger " + config.ledger.string() + ", or an empty file, though kycd has run on this spool: " +
           "what came of its cases cannot be told; bring the ledger back, or correct 'ledger:' in the settings";
}

} // namespace

exit_code report_command(const report_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    const auto now = std::chrono::system_clock::now();
    const auto opened = ledger::open_reader(config->ledger);
    if (!opened) return complain("report: " + opened.error(), exit_code::spool_unusable);
    if (!*opened) {
        if (const auto why = missing_ledger(*config)) return complain("report: " + *why, exit_code::spool_unusable);
    }
    period report;
    report.from = *parse_since(options.since, now);
    report.to = options.before.empty() ? now : *parse_since(options.before, now);
    if (*opened) {
        auto read = read_period(***opened, report.from, report.to);
        if (!read) return complain("report: " + read.error(), exit_code::spool_unusable);
        report = std::move(*read);
    }
    const auto& format = options.json ? "json" : options.format;
    if (format == "csv") {
        print_csv(report);
    } else if (format == "json") {
        print_json(report);
    } else if (format == "html") {
        std::cout << report_html(report);
    } else {
        print_text(report);
    }
    std::cout.flush();
    return exit_code::done;
}

} // namespace kyc
