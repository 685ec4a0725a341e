#include "status/live_status.hpp"

#include "core/json_writer.hpp"
#include "core/report_json.hpp"
#include "status/parts.hpp"
#include "told/loop_report.hpp"
#include "told/told_tickets.hpp"
#include "version.hpp"

#include <unistd.h>

namespace kyc {

using namespace status;

std::string live_status(case_world& world, const intake& taking, const async::loop_latency& loop,
                        const disk_readings& disk, const health_report& health_now) {
    const auto now = std::chrono::system_clock::now();
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
    line("started_at", to_iso8601(world.day.started));
    line("now", to_iso8601(now));
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
    out.key("faults_hold_up_all");
    out.boolean(world.faults.holds_up_all());
    out.key("api");
    write_api(out, health);
    out.key("paused_services");
    write_paused(out, health.paused);
    out.key("held_back");
    write_held_back(out, world);
    out.key("in_hand");
    write_in_hand(out, world);
    out.key("inbox");
    write_inbox(out, world, taking);
    write_number(out, "unreadable_folders", taking.unread_strangers());
    out.key("tickets");
    write_tickets(out, told(world.tickets()));
    out.key("ended_tickets");
    write_ended_tickets(out, world.ended_tickets());
    out.key("counters");
    write_counters(out, world.count);
    out.key("states");
    write_states(out, world.day.stands, now);
    out.key("age_bounds_seconds");
    write_age_bounds(out);
    out.key("ended");
    write_ended(out, world.day, now);
    out.key("latency");
    write_latency(out, world.day, now);
    out.key("failures");
    write_failures(out, world.day, now, world.config->admin.show_case_names);
    out.key("forecast_seconds");
    write_forecast(out, world.day, now);
    out.key("disk");
    write_disk(out, disk);
    out.key("loop");
    out.value(loop_json(loop));
    out.key("ledger");
    const auto written = world.ledger.counted();
    out.begin_object();
    line("file", world.config->ledger.string());
    write_number(out, "commits", written.commits);
    write_number(out, "writes", written.writes);
    out.key("size_bytes");
    if (disk.ledger_bytes) {
        out.integer(*disk.ledger_bytes);
    } else {
        out.null();
    }
    out.end_object();
    out.key("health");
    write_health(out, health_now);
    out.end_object();
    return std::move(out).finish();
}

} // namespace kyc
