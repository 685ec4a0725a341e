#include "status/health.hpp"

#include "core/plain_text.hpp"

#include <algorithm>

namespace kyc {

namespace {

std::string joined(const std::string& words, const std::string& more) {
    if (words.empty() || words == more) return more;
    return more.empty() ? words : words + "; " + more;
}

std::string line(bool ok, const health_component& which) {
    if (ok) return "ok " + which.name + "\n";
    return "bad " + which.name + ": " + printable(which.words) + "\n";
}

std::string phase_words(run_phase phase) {
    switch (phase) {
    case run_phase::starting:
        return "starting: what an earlier run left is put in order";
    case run_phase::stopping:
        return "stopping: uploads in flight are finished, nothing new is taken";
    case run_phase::running:
        break;
    }
    return {};
}

std::string ledger_words(const health_facts& facts) {
    const auto met = facts.commit_fault ? facts.commit_fault->message() : "";
    return joined(facts.ledger_trouble, met);
}

/// Faults of the ledger are told there.
std::string spool_words(const health_facts& facts) {
    auto words = facts.spool_trouble;
    for (const auto& each : facts.faults)
        if (!facts.commit_fault || each.error != facts.commit_fault->code) words = joined(words, each.what);
    return words;
}

std::string api_words(const progeny::api_health& api) {
    if (!api.host_down) return {};
    return "all calls wait: " + (api.why.empty() ? "it does not answer" : api.why);
}

std::string credentials_words(const progeny::api_health& api) {
    if (api.no_token) return "all calls wait: the API gives no token: " + api.why;
    if (!api.credentials_refused) return {};
    return "all calls wait: " + (api.why.empty() ? "refused" : api.why) +
           "; correct them, then reload kycd (restart it where systemd hands them over)";
}

std::string services_words(const progeny::api_health& api) {
    std::string words;
    for (const auto& each : api.paused)
        words = joined(words, each.service + " is paused: " + each.why);
    return words;
}

} // namespace

bool health_report::is_live() const {
    return std::all_of(components.begin(), components.end(), [](const health_component& each) { return each.moves; });
}

bool health_report::is_ready() const {
    return std::all_of(components.begin(), components.end(), [](const health_component& each) { return each.ok; });
}

health_report judge_health(const health_facts& facts) {
    health_report report;
    const auto add = [&report](std::string name, std::string why) {
        const bool ok = why.empty();
        report.components.push_back({std::move(name), ok, std::move(why)});
    };
    add("daemon", phase_words(facts.phase));
    for (const auto& each : facts.progress) {
        const auto still = each.stuck ? to_words(each) : std::string();
        add(each.name, each.name == "ledger" ? joined(still, ledger_words(facts)) : still);
        report.components.back().is_vital = true;
        report.components.back().moves = !each.stuck;
    }
    add("spool", spool_words(facts));
    add("api", api_words(facts.api));
    add("credentials", credentials_words(facts.api));
    add("services", services_words(facts.api));
    return report;
}

std::string live_lines(const health_report& report) {
    std::string lines;
    for (const auto& each : report.components)
        if (each.is_vital) lines += line(each.moves, each);
    return lines;
}

std::string ready_lines(const health_report& report) {
    std::string lines;
    for (const auto& each : report.components)
        lines += line(each.ok, each);
    return lines;
}

void write_health(json_writer& out, const health_report& report) {
    out.begin_object();
    out.key("live");
    out.boolean(report.is_live());
    out.key("ready");
    out.boolean(report.is_ready());
    out.key("components");
    out.begin_array();
    for (const auto& each : report.components) {
        out.begin_object();
        out.key("name");
        out.text(each.name);
        out.key("ok");
        out.boolean(each.ok);
        out.key("words");
        out.text(each.words);
        out.end_object();
    }
    out.end_array();
    out.end_object();
}

} // namespace kyc
