#pragma once
// Everything a case needs from its surroundings, in one place that outlives all cases.

#include "async/blocking_pool.hpp"
#include "async/group_work.hpp"
#include "async/permits.hpp"
#include "async/rate_limit.hpp"
#include "async/signal.hpp"
#include "core/pacing.hpp"
#include "core/poll_learner.hpp"
#include "core/settings.hpp"
#include "fault_pause.hpp"
#include "fs/case_folder.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/ledger.hpp"
#include "progeny/api.hpp"
#include "tally.hpp"
#include "twins.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

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
    async::rate_limit& rate;        ///< limits.rate
    async::group_work<result<void>>& settling; ///< claims that are made durable together
    async::group_work<fs::departure>& leaving; ///< cases that leave work/ together
    fault_pause& faults;
    pending_tasks& pending; ///< the cases that wait for the answers of their tasks
    tally& count;
    random_unit random;
    std::map<std::string, poll_learner> poll_learners; ///< by service: when its tasks are polled
    std::map<std::string, std::size_t> held_back;      ///< by service: claimed cases that wait for the API to take them
    std::set<case_key> in_hand;                ///< claimed cases that have not ended: their records are theirs alone
    twin_list twins;                           ///< cases with the same bytes that are on their way
    std::map<case_key, std::size_t> crashes{}; ///< how often earlier processes broke down at a case
    std::string spool;                         ///< its identity, in work/ as it was at the start
    std::function<void(const std::string&)> ledger_damaged{}; ///< ends the daemon: the next start mends the ledger
    bool stopping = false;                                    ///< set once, before the cases are cancelled
    std::uint64_t cases_read = 0;                             ///< whose images were all read
};

/// A case is in hand, and counts as open, for as long as this lives: from its claim until its record is closed. Another
/// case of the same name is not claimed meanwhile, since the two would share a record. Movable, RAII; `world` outlives
/// it.
class in_hand_mark {
  public:
    in_hand_mark() = default;

    /// No mark of that key is there.
    in_hand_mark(case_world& world, case_key key) : world_(&world), place_(world.in_hand.insert(std::move(key)).first) {
        world_->count.opened();
    }

    in_hand_mark(in_hand_mark&& other) noexcept : world_(std::exchange(other.world_, nullptr)), place_(other.place_) {}

    in_hand_mark& operator=(in_hand_mark&& other) noexcept {
        std::swap(world_, other.world_);
        std::swap(place_, other.place_);
        return *this;
    }

    ~in_hand_mark() {
        if (world_ == nullptr) return;
        world_->in_hand.erase(place_);
        world_->count.closed();
    }

  private:
    case_world* world_ = nullptr;
    std::set<case_key>::iterator place_{};
};

} // namespace kyc
