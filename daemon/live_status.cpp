#include "live_status.hpp"

#include "core/json_writer.hpp"
#include "loop_report.hpp"
#include "version.hpp"

#include <algorithm>
#include <cmath>
#include <unistd.h>

namespace kyc {

namespace {

using std::chrono::milliseconds;

void write_number(json_writer& out, std::string_view name, std::uint64_t value) {
    out.key(name);
    out.integer(value);
}

void write_seconds(json_writer& out, std::string_view name, const std::optional<milliseconds>& value) {
    out.key(name);
    if (value) {
        out.integer(std::int64_t{std::chrono::ceil<std::chrono::seconds>(*value).count()});
    } else {
        out.null();
    }
}

void write_faults(json_writer& out, const fault_pause& faults) {
    out.begin_array();
    for (const auto& each : faults.now()) {
        out.begin_object();
        out.key("what");
        out.text(each.what);
        out.key("since");
        out.text(to_iso8601(each.since));
        write_number(out, "tries", each.tries);
        write_number(out, "waiting", each.waiting);
        out.end_object();
    }
    out.end_array();
}

/// What the API lets through, as learned from its answers.
void write_pace(json_writer& out, const progeny::api_pace& pace) {
    out.begin_object();
    out.key("calls_per_minute");
    if (pace.calls_per_second) {
        out.integer(std::int64_t{std::llround(*pace.calls_per_second * 60)});
    } else {
        out.null();
    }
    write_seconds(out, "resting_for_seconds", pace.resting_for);
    write_number(out, "uploads_allowed", pace.uploads_allowed);
    write_number(out, "uploads_under_way", pace.uploads_under_way);
    write_number(out, "polls_allowed", pace.polls_allowed);
    write_number(out, "polls_under_way", pace.polls_under_way);
    out.end_object();
}

void write_api(json_writer& out, const progeny::api_health& health) {
    out.begin_object();
    out.key("host_down");
    out.boolean(health.host_down);
    out.key("credentials_refused");
    out.boolean(health.credentials_refused);
    out.key("why");
    out.known_text(health.why);
    write_seconds(out, "next_try_in_seconds", health.next_try);
    out.key("token");
    out.begin_object();
    out.key("state");
    out.text(health.credentials_refused ? "refused"
             : health.token_renewing    ? "renewing"
             : health.token_life        ? "good"
                                        : "none");
    write_seconds(out, "expires_in_seconds", health.token_life);
    out.end_object();
    out.key("repeats_held_back");
    out.boolean(health.repeats_held_back);
    write_number(out, "retry_budget_left", health.retry_budget_left);
    write_number(out, "submits_accepted", health.submits_accepted);
    write_number(out, "calls_answered", health.calls_answered);
    out.key("pace");
    write_pace(out, health.pace);
    out.end_object();
}

void write_paused(json_writer& out, const std::vector<progeny::paused_service>& services) {
    out.begin_array();
    for (const auto& each : services) {
        out.begin_object();
        out.key("service");
        out.text(each.service);
        out.key("http_status");
        out.integer(std::int64_t{each.status});
        out.key("why");
        out.known_text(each.why);
        write_seconds(out, "next_try_in_seconds", each.next_try);
        out.end_object();
    }
    out.end_array();
}

/// What is in hand, by service, and how far it is. The steps are read from the permits, so they are of all services.
void write_in_hand(json_writer& out, const case_world& world) {
    std::map<std::string, std::uint64_t> services;
    // There may be 100,000: those of one folder stand together, and its service is looked up once.
    const std::string* folder = nullptr;
    std::uint64_t* cases = nullptr;
    for (const auto& key : world.in_hand) {
        if (folder == nullptr || *folder != key.folder) {
            folder = &key.folder;
            const auto* target = world.config->services.find(key.folder);
            cases = &services[target != nullptr ? target->name : key.folder];
        }
        ++*cases;
    }
    std::uint64_t held_back = 0;
    for (const auto& [service, count] : world.held_back)
        held_back += count;
    const std::uint64_t total = world.in_hand.size();
    const std::uint64_t before_receipt = std::min(total, world.before_receipt.used() + held_back);
    out.begin_object();
    write_number(out, "cases", total);
    write_number(out, "held_back", held_back);
    write_number(out, "before_receipt", before_receipt);
    write_number(out, "uploading", world.uploads.used());
    write_number(out, "uploads_limit", world.config->limits.uploads);
    write_number(out, "uploads_allowed", world.uploads.limit());
    write_number(out, "waiting_for_uploads", world.uploads.waiting());
    write_number(out, "after_receipt", total - before_receipt);
    write_number(out, "polling", world.polls.used());
    write_number(out, "polls_limit", world.config->limits.polls);
    write_number(out, "polls_allowed", world.polls.limit());
    write_number(out, "pending_limit", world.unanswered.limit());
    write_number(out, "pending_used", world.unanswered.used());
    out.key("services");
    out.begin_object();
    for (const auto& [service, count] : services)
        write_number(out, service, count);
    out.end_object();
    out.end_object();
}

void write_held_back(json_writer& out, const case_world& world) {
    out.begin_object();
    for (const auto& [service, count] : world.held_back) {
        if (count > 0) write_number(out, service, count);
    }
    out.end_object();
}

void write_inbox(json_writer& out, const intake& taking) {
    out.begin_array();
    for (const auto& [folder, queue] : taking.queues()) {
        out.begin_object();
        out.key("folder");
        out.text(folder);
        write_number(out, "queued", queue.queued);
        write_number(out, "not_ready", queue.not_ready);
        out.end_object();
    }
    out.end_array();
}

void write_counters(json_writer& out, const tally& count) {
    out.begin_object();
    write_number(out, "taken", count.taken());
    write_number(out, "taken_over", count.taken_over());
    write_number(out, "submissions", count.submissions());
    write_number(out, "unknown_outcomes", count.unknown_outcomes());
    write_number(out, "duplicates", count.duplicates());
    write_number(out, "delivered", count.delivered());
    out.key("verdicts");
    out.begin_object();
    for (const auto& [value, cases] : count.verdicts())
        write_number(out, to_string(value), cases);
    out.end_object();
    write_number(out, "failed", count.failed());
    out.key("codes");
    out.begin_object();
    for (const auto& [code, cases] : count.failures())
        write_number(out, to_string(code), cases);
    out.end_object();
    out.end_object();
}

} // namespace

std::string live_status(const case_world& world, const intake& taking, const async::loop_latency& loop,
                        utc_time started) {
    const auto& roots = world.layout.roots();
    const auto health = world.api.health();
    json_writer out;
    const auto line = [&out](std::string_view name, std::string_view value) {
        out.key(name);
        out.text(value);
    };
    out.begin_object();
    line("schema", "kycd.status/1");
    write_number(out, "pid", static_cast<std::uint64_t>(::getpid()));
    line("version", version);
    line("started_at", to_iso8601(started));
    line("now", to_iso8601(std::chrono::system_clock::now()));
    out.key("stopping");
    out.boolean(world.stopping);
    out.key("spool");
    out.begin_object();
    line("identity", world.spool);
    line("inbox", roots.inbox.string());
    line("work", roots.work.string());
    line("outbox", roots.outbox.string());
    line("failed", roots.failed.string());
    out.end_object();
    out.key("faults");
    write_faults(out, world.faults);
    out.key("api");
    write_api(out, health);
    out.key("paused_services");
    write_paused(out, health.paused);
    out.key("held_back");
    write_held_back(out, world);
    out.key("in_hand");
    write_in_hand(out, world);
    out.key("inbox");
    write_inbox(out, taking);
    out.key("counters");
    write_counters(out, world.count);
    out.key("loop");
    out.value(loop_json(loop));
    out.key("ledger");
    const auto written = world.ledger.counted();
    out.begin_object();
    line("file", world.config->ledger.string());
    write_number(out, "commits", written.commits);
    write_number(out, "writes", written.writes);
    out.end_object();
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc
