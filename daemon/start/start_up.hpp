#pragma once
// What must be in order before the loop turns: the spool taken, the ledger opened, and the two belonging together.

#include "core/settings.hpp"
#include "fs/case_folder.hpp"
#include "fs/inbox_hold.hpp"
#include "fs/spool_layout.hpp"
#include "fs/spool_lock.hpp"
#include "ledger/ledger.hpp"
#include "start/start_failure.hpp"

#include <boost/system/result.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kyc {

/// A spool that is ours alone.
struct taken_spool {
    fs::access_rules access;
    fs::spool_lock lock; ///< no second daemon while it is held
};

/// Refuses a layout that cannot work, a mount that is missing, and a spool that another daemon has; makes missing
/// folders.
[[nodiscard]] boost::system::result<taken_spool, start_failure> take_spool(const settings& config,
                                                                           const fs::spool_layout& layout);

/// The ledger, and what an earlier process left in work/.
struct opened_records {
    std::unique_ptr<ledger::ledger> ledger;
    std::string spool;         ///< the identity that ledger and work/ share
    fs::inbox_hold inbox;      ///< no second daemon claims across file systems while it is held
    bool history_lost = false; ///< the ledger is new, the spool is not: it can be rebuilt from the folders
    std::vector<fs::claimed_case> left_over;

    opened_records() = default;
};

/// Opens the ledger, binds it to the spool or refuses one that belongs to another, refuses an inbox that another spool
/// claims from across file systems, and puts work/ in order.
[[nodiscard]] boost::system::result<opened_records, start_failure>
open_records(const settings& config, const fs::spool_layout& layout, const fs::access_rules& access,
             const boost::asio::any_io_executor& loop, async::blocking_pool& ledger_pool);

} // namespace kyc
