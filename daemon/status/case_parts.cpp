// Where cases are, as the status document tells it.
#include "status/parts.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace kyc::status {

void write_in_hand(json_writer& out, const case_world& world) {
    std::map<std::string, std::uint64_t> services;
    std::uint64_t bulk = 0;
    const auto now = to_epoch_seconds(std::chrono::system_clock::now());
    // From the census: to go through the cases themselves, 100,000 of them, would take 20 ms.
    for (const auto& each : world.day.stands.rows(now)) {
        if (each.phase != case_phase::not_ready && each.phase != case_phase::waiting)
            services[each.service] += each.cases;
    }
    for (const auto& each : world.day.stands_again.rows(now)) {
        services[each.service] += each.cases;
        bulk += each.cases;
    }
    const std::uint64_t held_back = world.held_back.all();
    const std::uint64_t total = world.in_hand.size();
    const std::uint64_t before_receipt = std::min(total, world.before_receipt.used() + held_back);
    out.begin_object();
    write_number(out, "cases", total);
    write_number(out, "bulk", std::min(bulk, total));
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

void write_inbox(json_writer& out, const case_world& world, const intake& taking) {
    std::map<std::string, intake::queue_length> folders;
    for (const auto& [folder, queue] : taking.queues()) {
        const bool known = world.config->services.find(folder) != nullptr;
        auto& told = folders[known ? folder : unknown_service()];
        told.queued += queue.queued;
        told.not_ready += queue.not_ready;
        told.not_permitted += queue.not_permitted;
    }
    out.begin_array();
    for (const auto& [folder, queue] : folders) {
        out.begin_object();
        out.key("folder");
        out.text(folder);
        write_number(out, "queued", queue.queued);
        write_number(out, "not_ready", queue.not_ready);
        write_number(out, "not_permitted", queue.not_permitted);
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

void write_states(json_writer& out, const census& stands, std::chrono::system_clock::time_point now) {
    out.begin_array();
    for (const auto& row : stands.rows(to_epoch_seconds(now))) {
        out.begin_object();
        out.key("state");
        out.text(to_string(row.phase));
        out.key("service");
        out.text(row.service);
        write_number(out, "cases", row.cases);
        write_number(out, "oldest_seconds", static_cast<std::uint64_t>(row.oldest.count()));
        out.key("ages");
        out.begin_array();
        for (const auto count : row.ages)
            out.integer(count);
        out.end_array();
        out.end_object();
    }
    out.end_array();
}

void write_age_bounds(json_writer& out) {
    out.begin_array();
    for (const auto bound : census::age_bounds)
        out.integer(std::int64_t{bound.count()});
    out.end_array();
}

} // namespace kyc::status
