#include "status/take_readings.hpp"

namespace kyc {

readings take_readings(const case_world& world, const intake& taking, const async::loop_latency& loop,
                       const disk_readings& disk, const api_link& link) {
    readings seen;
    seen.now = std::chrono::system_clock::now();
    seen.cases = world.day.stands.rows(to_epoch_seconds(seen.now));
    seen.uploads_in_flight = world.uploads.used();
    seen.uploads_allowed = world.uploads.limit();
    seen.uploads_limit = world.config->limits.uploads;
    seen.polls_in_flight = world.polls.used();
    seen.polls_allowed = world.polls.limit();
    seen.polls_limit = world.config->limits.polls;
    seen.pending = world.unanswered.used();
    seen.pending_limit = world.unanswered.limit();
    seen.image_bytes = world.memory.used();
    seen.image_bytes_limit = world.memory.limit();
    seen.faults = world.faults.count();
    seen.api = link.api->health();
    seen.calls = link.api->counted();
    seen.token_age = link.api->token_age();
    seen.net = link.client->statistics();
    seen.ledger = world.ledger.counted();
    seen.disk = disk;
    seen.scans = taking.scans().took;
    seen.last_scan = taking.scans().last;
    seen.claim_syncs = world.settling.durations();
    seen.deliver_syncs = world.leaving.durations();
    seen.loop = loop;
    seen.tickets = world.tickets();
    return seen;
}

} // namespace kyc
