#pragma once
// Everything a case needs from its surroundings, in one place that outlives all cases.

#include "async/blocking_pool.hpp"
#include "async/permits.hpp"
#include "async/rate_limit.hpp"
#include "core/answer_times.hpp"
#include "core/pacing.hpp"
#include "core/settings.hpp"
#include "fault_pause.hpp"
#include "fs/case_folder.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/ledger.hpp"
#include "progeny/api.hpp"
#include "tally.hpp"

#include <map>
#include <memory>
#include <string>

namespace kyc {

/// References to what app built. Loop's thread only, but for `pool`'s own threads.
struct case_world {
    std::shared_ptr<const settings> config; ///< replaced as a whole by a reload
    const fs::spool_layout& layout;
    fs::access_rules access;
    async::blocking_pool& pool; ///< reading, checking, hashing, renames
    ledger::ledger& ledger;
    progeny::api& api;
    async::permits& uploads; ///< limits.uploads
    async::permits& polls;   ///< limits.polls
    async::permits& memory;  ///< limits.memory, in bytes
    async::rate_limit& rate; ///< limits.rate
    fault_pause& faults;
    tally& count;
    random_unit random;
    std::map<std::string, answer_times> usual_answers; ///< by service: what the first poll is planned with
    bool stopping = false;                             ///< set once, before the cases are cancelled
};

} // namespace kyc
