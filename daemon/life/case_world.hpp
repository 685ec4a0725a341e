#pragma once
// Everything a case needs from its surroundings, in one place that outlives all cases.

#include "async/blocking_pool.hpp"
#include "async/group_work.hpp"
#include "async/permits.hpp"
#include "async/rate_limit.hpp"
#include "async/signal.hpp"
#include "core/pacing.hpp"
#include "core/poll_learner.hpp"
#include "core/service.hpp"
#include "core/settings.hpp"
#include "figures/day_book.hpp"
#include "figures/tally.hpp"
#include "fs/case_folder.hpp"
#include "fs/crash_notes.hpp"
#include "fs/page_stock.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/ledger.hpp"
#include "life/fault_pause.hpp"
#include "life/held_back.hpp"
#include "life/twins.hpp"
#include "log/trouble_log.hpp"
#include "progeny/api.hpp"
#include "told/ticket_view.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

class pending_tasks;

/// References to what app built. Loop's thread only, but for `pool`'s own threads.
struct case_world {
    std::shared_ptr<const settings> config; ///< replaced as a whole by a reload
    const fs::spool_layout& layout;
    fs::access_rules access;
    async::blocking_pool& pool; ///< reading, checking, hashing, renames
    ledger::ledger& ledger;
    progeny::api& api;
    async::permits& uploads;        ///< limits.uploads
    async::permits& polls;          ///< limits.polls
    async::permits& before_receipt; ///< what is claimed but not uploaded, for the next to be read while others upload
    async::permits& unanswered;     ///< limits.pending
    async::permits& memory;         ///< limits.memory, in bytes
    fs::page_stock& pages;          ///< what images are read into
    async::rate_limit& rate;        ///< limits.rate
    async::group_work<result<void>>& settling; ///< claims that are made durable together
    async::group_work<fs::departure>& leaving; ///< cases that leave work/ together
    fault_pause& faults;
    pending_tasks& pending; ///< the cases that wait for the answers of their tasks
    tally& count;
    day_book& day;
    random_unit random;
    std::map<std::string, poll_learner> poll_learners; ///< by service: when its tasks are polled
    held_back_counts held_back{};                      ///< claimed cases that wait for the API to take them
    std::set<case_key> in_hand; ///< claimed cases that have not ended: their records are theirs alone
    twin_list twins;            ///< cases with the same bytes that are on their way
    std::map<case_key, fs::crash_count> crashes{};            ///< how often earlier processes broke down at a case
    std::string spool;                                        ///< its identity, in work/ as it was at the start
    std::function<void(const std::string&)> ledger_damaged{}; ///< ends the daemon: the next start mends the ledger
    std::function<std::vector<reverify::ticket_view>()>
        tickets{}; ///< that have not ended; empty: a run without tickets
    std::function<std::vector<reverify::ended_ticket>()> ended_tickets{}; ///< lately
    bool stopping = false;                                                ///< set once, before the cases are cancelled
    std::uint64_t cases_read = 0;                                         ///< whose images were all read
    trouble_log troubles{};                           ///< what meets many cases is not said for each
    std::map<std::string, service> former_services{}; ///< that are configured no more, with tasks to be asked for
};

/// A case is in hand, and counts as open, for as long as this lives: from its claim until its record is closed. Another
/// case of the same name is not claimed meanwhile, since the two would share a record. It also says how far the case
/// is. Movable, RAII; `world` outlives it.
class in_hand_mark {
  public:
    using time = std::chrono::system_clock::time_point;

    in_hand_mark() = default;

    /// No mark of that key is there. The case counts as claimed since `claimed`. `dropped`: when it came into the
    /// inbox; none: nobody knows.
    in_hand_mark(case_world& world, case_key key, std::optional<time> dropped,
                 time claimed = std::chrono::system_clock::now())
        : world_(&world), place_(world.in_hand.insert(std::move(key)).first), dropped_(dropped.value_or(time())) {
        stand_.service = stands().id_of(service_name(world.config->services, place_->folder));
        stand_.phase = case_phase::claimed;
        stand_.since = to_epoch_seconds(claimed);
        stands().add(stand_);
        world_->count.opened();
    }

    in_hand_mark(in_hand_mark&& other) noexcept
        : world_(std::exchange(other.world_, nullptr)), place_(other.place_), dropped_(other.dropped_),
          stand_(other.stand_) {}

    in_hand_mark& operator=(in_hand_mark&& other) noexcept {
        std::swap(world_, other.world_);
        std::swap(place_, other.place_);
        std::swap(dropped_, other.dropped_);
        std::swap(stand_, other.stand_);
        return *this;
    }

    ~in_hand_mark() {
        if (world_ == nullptr) return;
        // A stop leaves a case where it stands: the last status file tells of it, and the next start goes on with it.
        if (!world_->stopping || stand_.phase == case_phase::delivering) stands().remove(stand_);
        world_->in_hand.erase(place_);
        world_->count.closed();
    }

    /// The case has come so far, then.
    void enters(case_phase phase, time since = std::chrono::system_clock::now()) {
        stands().remove(stand_);
        stand_.phase = phase;
        stand_.since = to_epoch_seconds(since);
        stands().add(stand_);
    }

    /// When it came into the inbox, if that is known.
    [[nodiscard]] std::optional<time> dropped() const {
        if (dropped_ == time()) return std::nullopt;
        return dropped_;
    }

  private:
    [[nodiscard]] census& stands() const { return world_->day.stands_of(place_->lane); }

    case_world* world_ = nullptr;
    std::set<case_key>::iterator place_{};
    time dropped_{};
    census::stand stand_{};
};

} // namespace kyc
