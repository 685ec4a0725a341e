#include "life/recovery.hpp"

#include "life/ended_case.hpp"
#include "life/keep_trying.hpp"
#include "log/crash_blame.hpp"
#include "log/log.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kyc {

namespace {

log::fields about(const ledger::case_record& record) {
    return {{"service", record.service}, {"case", record.key.folder + "/" + record.key.name}};
}

/// What an earlier process claimed counts as dropped then: the inbox knows nothing of it any more.
in_hand_mark mark_of(case_world& world, const ledger::case_record& record) {
    const bool known = record.taken_at != utc_time{};
    const auto claimed = known ? record.taken_at : std::chrono::system_clock::now();
    in_hand_mark mark(world, record.key, known ? std::optional(claimed) : std::nullopt, claimed);
    if (!record.task_id().empty()) mark.enters(case_phase::pending, record.submitted_at());
    return mark;
}

} // namespace

async::awaitable<recovered_cases> recover_cases(case_world& world, std::vector<fs::claimed_case> in_work) {
    auto read = [&world]() { return world.ledger.recover(); };
    auto open = co_await keep_trying(world, read);
    std::map<case_key, ledger::case_record> records;
    recovered_cases recovered;
    for (auto& record : open) {
        if (record.key.lane == lane::bulk) {
            recovered.bulk.push_back(std::move(record));
        } else {
            records.emplace(record.key, std::move(record));
        }
    }
    auto& starts = recovered.live;
    for (auto& which : in_work) {
        if (is_untouchable(world.crashes, which.key)) {
            records.erase(which.key);
            log::error(
                "kycd breaks down at this case, and at setting it aside: it stays in work/ and is not touched. "
                "Report the log of the crashes to whoever maintains kycd; when kycd is mended, stop it and take the "
                "case's lines out of work/.crashes",
                {{"case", which.key.folder + "/" + which.key.name}, {"folder", which.folder.string()}});
            continue;
        }
        case_start start(which);
        start.recovered = true;
        if (auto known = records.extract(which.key)) {
            start.record = std::move(known.mapped());
            start.record.flat = which.flat; // the folder is the truth
            if (world.config->intake.dedupe && start.record.last && !start.record.fingerprint.empty())
                start.sending = sending_mark(world.twins, start.record.fingerprint);
        }
        // Nothing of it is in the ledger before it is sent. A share's clock may be ahead.
        if (start.record.taken_at == utc_time{} && which.claimed_at)
            start.record.taken_at = std::min(*which.claimed_at, std::chrono::system_clock::now());
        start.in_hand = mark_of(world, start.record);
        world.count.resumed();
        starts.push_back(std::move(start));
    }
    for (auto& [key, record] : records) {
        // A folder that is there but cannot be read is no reason to forget what was said about it.
        std::error_code unknown;
        const auto status = std::filesystem::symlink_status(world.layout.work_case(key), unknown);
        if (status.type() != std::filesystem::file_type::not_found) {
            const std::string left = "a case in work/ cannot be read and is left alone until the next start";
            world.troubles.met(left, left, about(record));
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
    if (!starts.empty()) log::info("going on with " + std::to_string(starts.size()) + " cases of an earlier run");
    co_return recovered;
}

namespace {

async::awaitable<void> take_capacity(case_world& world, case_start& start) {
    // In this order everywhere: who holds the second may have to wait for the first again.
    start.unanswered = co_await world.unanswered.acquire();
    start.before_receipt = co_await world.before_receipt.acquire();
}

} // namespace

async::awaitable<void> resume_cases(case_world& world, std::vector<case_start> starts, async::task_group& cases) {
    // Tasks need nothing but their polls. And a case with the same bytes as one that was sent may wait for its answer,
    // with the capacity in hand.
    const auto waits = [](const case_start& start) { return !start.record.task_id().empty(); };
    const auto was_sent = [](const case_start& start) { return start.record.last.has_value(); };
    const auto others = std::stable_partition(starts.begin(), starts.end(), waits);
    std::stable_partition(others, starts.end(), was_sent);
    for (auto& start : starts) {
        co_await take_capacity(world, start);
        cases.spawn(process_case(world, std::move(start)));
    }
}

async::awaitable<void> resume_case(case_world& world, case_start start) {
    co_await take_capacity(world, start);
    co_await process_case(world, std::move(start));
}

} // namespace kyc
