#include "recovery.hpp"

#include "crash_blame.hpp"
#include "ended_case.hpp"
#include "keep_trying.hpp"
#include "log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kyc {

namespace {

log::fields about(const ledger::case_record& record) {
    return {{"service", record.service}, {"case", record.key.folder + "/" + record.key.name}};
}

} // namespace

async::awaitable<std::vector<case_start>> recover_cases(case_world& world, std::vector<fs::claimed_case> in_work) {
    auto read = [&world]() { return world.ledger.recover(); };
    auto open = co_await keep_trying(world, read);
    std::map<case_key, ledger::case_record> records;
    for (auto& record : open)
        records.emplace(record.key, std::move(record));

    std::vector<case_start> starts;
    for (auto& which : in_work) {
        case_start start;
        start.recovered = true;
        if (auto known = records.extract(which.key)) {
            start.record = std::move(known.mapped());
            if (start.record.last && !start.record.fingerprint.empty())
                start.sending = sending_mark(world.twins, start.record.fingerprint);
        }
        start.refused = which.refused;
        if (const auto blamed = world.crashes.find(which.key);
            blamed != world.crashes.end() && blamed->second > crashes_allowed)
            start.refused = poisonous(blamed->second);
        start.which = std::move(which);
        start.in_hand = in_hand_mark(world, start.which.key);
        starts.push_back(std::move(start));
    }
    for (auto& [key, record] : records) {
        // A folder that is there but cannot be read is no reason to forget what was said about it.
        std::error_code unknown;
        const auto status = std::filesystem::symlink_status(world.layout.work_case(key), unknown);
        if (status.type() != std::filesystem::file_type::not_found) {
            log::warning("a case in work/ cannot be read and is left alone until the next start", about(record));
            continue;
        }
        // The folder was moved out just before the end; only the record is left to close.
        log::info("closing the record of a case that has left work/", about(record));
        auto look = [&world, &record = record]() { return end_of_moved_case(world.layout, record); };
        auto end = co_await world.pool.run(look);
        if (!world.config->intake.dedupe || record.task_id().empty()) end.reply.clear();
        if (end.at == utc_time{}) end.at = std::chrono::system_clock::now();
        auto close = [&world, &record = record, &end]() { return world.ledger.close(record, end); };
        co_await keep_trying(world, close);
    }
    // What was sent goes first: a case with the same bytes may wait for its answer, with the capacity in hand.
    std::stable_partition(starts.begin(), starts.end(),
                          [](const case_start& start) { return start.record.last.has_value(); });
    if (!starts.empty()) log::info("going on with " + std::to_string(starts.size()) + " cases of an earlier run");
    co_return starts;
}

async::awaitable<void> resume_case(case_world& world, case_start start) {
    // In this order everywhere: who holds the second may have to wait for the first again.
    start.unanswered = co_await world.unanswered.acquire();
    if (start.record.task_id().empty()) start.before_receipt = co_await world.before_receipt.acquire();
    co_await process_case(world, std::move(start));
}

} // namespace kyc
