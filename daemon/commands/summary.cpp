#include "commands/summary.hpp"

#include "core/json_text.hpp"
#include "told/loop_report.hpp"

#include <boost/json/object.hpp>

#include <iostream>

namespace kyc {

namespace {

namespace json = boost::json;

void print_text(const run_outcome& outcome) {
    std::cout << outcome.taken << (outcome.taken == 1 ? " case" : " cases") << " taken";
    if (outcome.resumed > 0) std::cout << " (" << outcome.resumed << " from an earlier run)";
    std::cout << ": " << outcome.delivered << " delivered";
    std::string separator = " (";
    for (const auto& [value, count] : outcome.verdicts) {
        std::cout << separator << count << " " << to_string(value);
        separator = ", ";
    }
    if (!outcome.verdicts.empty()) std::cout << ")";
    std::cout << ", " << outcome.failed << " failed";
    separator = " (";
    for (const auto& [code, count] : outcome.failures) {
        std::cout << separator << count << " " << to_string(code);
        separator = ", ";
    }
    if (!outcome.failures.empty()) std::cout << ")";
    std::cout << ", " << outcome.open << " still open";
    if (outcome.left > 0) std::cout << ", " << outcome.left << " left in the inbox";
    std::cout << "\n";
    for (const auto& [path, why] : outcome.not_ready)
        std::cout << "not ready: " << path << ": " << why << "\n";
    if (outcome.unknown_outcomes > 0)
        std::cout << outcome.unknown_outcomes << (outcome.unknown_outcomes == 1 ? " submission" : " submissions")
                  << " with unknown outcome: the API may have accepted what was sent again or held\n";
    if (outcome.duplicates > 0)
        std::cout << outcome.duplicates << " answered from an earlier case with the same bytes\n";
    std::cout << outcome.submissions << " submissions accepted, " << outcome.http.requests << " requests over "
              << outcome.http.connections << " connections with " << outcome.http.handshakes << " TLS handshakes ("
              << outcome.http.resumed << " resumed)\n";
    if (!outcome.trouble.empty()) std::cout << "stopped early: " << outcome.trouble << "\n";
}

void print_json(const run_outcome& outcome) {
    json::object verdicts;
    for (const auto& [value, count] : outcome.verdicts)
        verdicts[to_string(value)] = count;
    json::object failures;
    for (const auto& [code, count] : outcome.failures)
        failures[to_string(code)] = count;
    json::array not_ready;
    for (const auto& [path, why] : outcome.not_ready) {
        json::object entry;
        entry["case"] = path;
        entry["why"] = why;
        not_ready.push_back(std::move(entry));
    }
    json::object all;
    all["taken"] = outcome.taken;
    all["resumed"] = outcome.resumed;
    all["delivered"] = outcome.delivered;
    all["verdicts"] = std::move(verdicts);
    all["failed"] = outcome.failed;
    all["codes"] = std::move(failures);
    all["open"] = outcome.open;
    all["left_in_inbox"] = outcome.left;
    all["not_ready"] = std::move(not_ready);
    all["submissions"] = outcome.submissions;
    all["unknown_outcomes"] = outcome.unknown_outcomes;
    all["duplicates"] = outcome.duplicates;
    all["ledger_commits"] = outcome.ledger.commits;
    all["ledger_writes"] = outcome.ledger.writes;
    all["requests"] = outcome.http.requests;
    all["connections"] = outcome.http.connections;
    all["tls_handshakes"] = outcome.http.handshakes;
    all["tls_resumed"] = outcome.http.resumed;
    all["loop"] = loop_json(outcome.loop);
    all["stopped_early"] = outcome.trouble;
    std::cout << to_json_text(all) << "\n";
}

} // namespace

void print_summary(const run_outcome& outcome, bool as_json) {
    if (as_json) {
        print_json(outcome);
    } else {
        print_text(outcome);
    }
}

} // namespace kyc
