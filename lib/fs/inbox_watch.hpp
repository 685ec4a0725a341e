#pragma once
// Tells when something moved in the inbox. Events are hints; the scan is the truth.

#include "async/awaitable.hpp"
#include "async/blocking_pool.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"
#include "fs/inbox.hpp"
#include "fs/spool_layout.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace kyc::fs {

/// What moved since the last call.
struct inbox_changes {
    struct change {
        inbox_entry entry;
        bool renamed_in = false; ///< moved into place as a whole
    };

    std::vector<change> changed;
    bool scan_needed = false; ///< events were lost, a service folder appeared, or there are no events at all
};

/// Loop's thread only.
class inbox_watch {
  public:
    virtual ~inbox_watch() = default;

    /// Suspends until something moved or `limit` passed (then both members are empty/false, or scan_needed without
    /// inotify). Throws operation_aborted when cancelled.
    [[nodiscard]] virtual async::awaitable<inbox_changes> wait(std::chrono::milliseconds limit) = 0;

    /// "inotify" or "poll", and why: for the log.
    [[nodiscard]] virtual std::string describe() const = 0;

    /// How often a full scan is due: `rescan`, or `poll` where events do not arrive.
    [[nodiscard]] virtual std::chrono::milliseconds scan_interval() const = 0;
};

/// Watches are set when it returns, so a scan made afterwards misses nothing. statfs of the inbox chooses when `watch:
/// auto`. When inotify is refused (watch limit), it falls back to polling and describe() says why. Blocks; later, when
/// all has to be watched anew, that is done on `pool`, which outlives the watch.
[[nodiscard]] result<std::unique_ptr<inbox_watch>> make_inbox_watch(const boost::asio::any_io_executor& executor,
                                                                    async::blocking_pool& pool, spool_layout layout,
                                                                    intake_settings rules, service_table services);

} // namespace kyc::fs
