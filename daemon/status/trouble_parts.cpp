// What holds work up, as the status document tells it.
#include "core/report_json.hpp"
#include "status/parts.hpp"

#include <cmath>

namespace kyc::status {

using std::chrono::milliseconds;

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

namespace {

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

} // namespace

void write_api(json_writer& out, const progeny::api_health& health) {
    out.begin_object();
    out.key("host_down");
    out.boolean(health.host_down);
    out.key("credentials_refused");
    out.boolean(health.credentials_refused);
    out.key("no_token");
    out.boolean(health.no_token);
    out.key("why");
    out.known_text(health.why);
    write_time(out, "since", health.since);
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
        write_time(out, "since", each.since);
        write_seconds(out, "next_try_in_seconds", each.next_try);
        out.end_object();
    }
    out.end_array();
}

void write_held_back(json_writer& out, const case_world& world) {
    out.begin_object();
    for (const auto& [service, count] : world.held_back.by_service())
        write_number(out, service, count);
    out.end_object();
}

} // namespace kyc::status
