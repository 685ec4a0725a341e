#include "start/start_up.hpp"

#include "fs/inbox_hold.hpp"
#include "fs/layout_check.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_identity.hpp"
#include "log/log.hpp"
#include "start/spool_access.hpp"
#include "start/spool_match.hpp"

#include <optional>

namespace kyc {

namespace {

start_failure unusable(const std::string& what) {
    return {what, exit_code::spool_unusable};
}

/// A case in work/ that the ledger should know and does not: it may have been sent.
ledger::case_record of_lost_history(const settings& config, const fs::claimed_case& which) {
    ledger::case_record record;
    record.key = which.key;
    const auto* target = config.services.find(which.key.folder);
    record.service = target != nullptr ? target->name : which.key.folder;
    record.flat = which.flat;
    record.taken_at = std::chrono::system_clock::now();
    record.attempts = 1;
    ledger::attempt maybe;
    maybe.number = 1;
    maybe.sent_at = record.taken_at;
    maybe.what = "the ledger was lost: whether this case was sent before is not known";
    record.last = std::move(maybe);
    return record;
}

/// Which spool work/ is; one without a name gets one. And its inbox: no other kycd claims from it.
std::optional<start_failure> join_spool_and_ledger(const settings& config, const fs::spool_layout& layout,
                                                   const std::string& known_spool, opened_records& records) {
    auto match = match_spool_and_ledger(config, layout, known_spool);
    if (!match) return unusable("spool: " + match.error().sentence());
    // Before a new spool gets its name: a start that is refused leaves nothing that a later one would wonder about.
    const auto name = match->spool.empty() ? std::nullopt : std::optional(match->spool);
    auto held = fs::inbox_hold::take(layout, name);
    if (!held) return unusable("spool: " + held.error().message());
    if (!*held) return unusable("spool: " + held->error().message());
    records.inbox = std::move(**held);
    records.spool = std::move(match->spool);
    if (match->history_lost) {
        records.history_lost = true;
        log::warning("the ledger is new but the spool is not: cases in work/ are treated as on_unknown_outcome says");
    }
    if (!records.spool.empty()) return std::nullopt;
    auto made = fs::make_identity(layout);
    if (!made) return unusable("spool: " + made.error().message());
    records.spool = std::move(*made);
    return std::nullopt;
}

/// The new ledger belongs to the spool from here on, and knows of each case in work/ that it might have been sent.
std::optional<start_failure> bind_new_ledger(const settings& config, opened_records& records) {
    std::vector<ledger::case_record> adopted;
    if (records.history_lost) {
        for (const auto& which : records.left_over)
            if (!which.refused) adopted.push_back(of_lost_history(config, which));
    }
    if (const auto bound = records.ledger->bind_to_spool(records.spool, records.history_lost, adopted); !bound)
        return unusable("ledger: " + bound.error().message());
    return std::nullopt;
}

} // namespace

boost::system::result<taken_spool, start_failure> take_spool(const settings& config, const fs::spool_layout& layout) {
    const auto objection = fs::layout_objection(config.folders);
    if (!objection) return unusable("spool: " + objection.error().message());
    if (*objection) return start_failure(**objection, exit_code::config_wrong);
    const auto access = resolve_access(config);
    if (!access) return start_failure(access.error(), exit_code::config_wrong);
    // Before anything is made: what is missing is a mount.
    if (const auto missing = missing_roots(config, layout); !missing.empty())
        return unusable("spool: " + missing.front().sentence());
    if (const auto made = fs::prepare_spool(layout, config.services.folders(), *access); !made)
        return unusable("spool: " + made.error().message() + "; mount it or correct its permissions, see 'kycd check'");
    auto lock = fs::spool_lock::take(layout);
    if (!lock) return unusable("spool: " + lock.error().message());
    if (!*lock) return unusable("spool: " + lock->error().message());
    if (const auto noted = fs::note_mounts(layout); !noted) return unusable("spool: " + noted.error().message());
    return taken_spool{*access, std::move(**lock)};
}

boost::system::result<opened_records, start_failure>
open_records(const settings& config, const fs::spool_layout& layout, const fs::access_rules& access,
             const boost::asio::any_io_executor& loop, async::blocking_pool& ledger_pool) {
    auto opened = ledger::open_ledger(config.ledger, layout.receipts_file(), loop, ledger_pool, config.limits.uploads);
    if (!opened) return unusable("ledger: " + why_no_ledger(opened.error()));
    opened_records records;
    records.ledger = std::move(opened->ledger);
    if (opened->set_aside)
        log::error("the ledger was damaged and is begun anew: " + *opened->set_aside +
                   "; cases in work/ are treated as on_unknown_outcome says");
    const bool is_new = opened->spool.empty();
    records.history_lost = opened->to_be_rebuilt;
    if (auto failed = join_spool_and_ledger(config, layout, opened->spool, records)) return std::move(*failed);
    if (const auto done = records.inbox.sign(layout, records.spool); !done)
        return unusable("spool: " + done.error().message());
    if (records.inbox.lacks_lock())
        log::warning("the file system of " + config.folders.inbox.string() +
                     " has no locks: that one kycd alone claims from there is known by .kycd/.owner only");
    std::vector<std::string> strays;
    auto in_work = fs::recover_work(layout, access, &strays);
    if (!in_work) return unusable("spool: " + in_work.error().message());
    for (const auto& stray : strays)
        log::warning("in work/: " + stray);
    records.left_over = std::move(*in_work);
    if (is_new) {
        if (auto failed = bind_new_ledger(config, records)) return std::move(*failed);
    }
    return records;
}

} // namespace kyc
