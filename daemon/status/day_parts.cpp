// What was done lately, as the status document tells it.
#include "core/report_json.hpp"
#include "status/parts.hpp"
#include "upkeep/day_upkeep.hpp"

#include <algorithm>

namespace kyc::status {

namespace {

using std::chrono::system_clock;

/// A daemon that has just started is measured by what it did since, but not by its first moments.
constexpr std::chrono::minutes shortest_window{1};
constexpr std::chrono::minutes longest_window{60};

void write_sum(json_writer& out, std::string_view name, const admin::history::ended& sum) {
    out.key(name);
    out.begin_object();
    write_number(out, "delivered", sum.delivered);
    write_number(out, "failed", sum.failed);
    out.end_object();
}

void write_milliseconds(json_writer& out, std::string_view name,
                        const std::optional<std::chrono::milliseconds>& value) {
    out.key(name);
    if (value) {
        out.integer(std::int64_t{value->count()});
    } else {
        out.null();
    }
}

} // namespace

void write_ended(json_writer& out, const day_book& day, system_clock::time_point now) {
    out.begin_object();
    write_sum(out, "last_hour", day.history.ended_within(std::chrono::minutes(60), now));
    write_sum(out, "last_day", day.history.ended_within(std::chrono::hours(24), now));
    out.end_object();
}

void write_latency(json_writer& out, const day_book& day, system_clock::time_point now) {
    const auto took = day.history.latency_of_last_hour(now);
    out.begin_object();
    write_number(out, "cases", took.cases);
    write_milliseconds(out, "p50_ms", took.half);
    write_milliseconds(out, "p95_ms", took.most);
    out.end_object();
}

void write_failures(json_writer& out, day_book& day, system_clock::time_point now, bool case_names) {
    out.begin_array();
    for (const auto& each : day.failures.now(now)) {
        out.begin_object();
        out.key("code");
        out.text(to_string(each.code));
        out.key("advice");
        out.text(default_advice(each.code));
        write_number(out, "cases", each.cases);
        out.key("last_at");
        out.text(to_iso8601(each.last_at));
        out.key("services");
        out.begin_object();
        for (const auto& [service, cases] : each.services)
            write_number(out, service, cases);
        out.end_object();
        if (case_names) {
            out.key("names");
            out.begin_array();
            for (const auto& name : each.names)
                out.text(name);
            out.end_array();
        }
        out.end_object();
    }
    out.end_array();
}

void write_disk(json_writer& out, const disk_readings& disk) {
    out.begin_array();
    for (const auto& room : disk.rooms) {
        out.begin_object();
        out.key("what");
        out.text(room.what);
        write_number(out, "free_bytes", room.free_bytes);
        write_number(out, "size_bytes", room.size_bytes);
        out.end_object();
    }
    out.end_array();
}

void write_forecast(json_writer& out, const day_book& day, system_clock::time_point now) {
    const auto backlog = backlog_of(day.stands);
    if (backlog == 0) {
        out.integer(std::int64_t{0});
        return;
    }
    const auto up = std::chrono::ceil<std::chrono::minutes>(now - day.started);
    const auto window = std::clamp(up, shortest_window, longest_window);
    const auto done = day.history.ended_within(window, now);
    const auto ended = done.delivered + done.failed;
    if (ended == 0) {
        out.null();
        return;
    }
    const auto seconds = std::chrono::duration<double>(window).count();
    out.integer(static_cast<std::int64_t>(static_cast<double>(backlog) * seconds / static_cast<double>(ended)));
}

} // namespace kyc::status
