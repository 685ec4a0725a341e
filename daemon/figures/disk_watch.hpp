#pragma once
// How much room is left where kycd writes: asked now and then on the pool, for a disk or a share may hang.

#include "async/awaitable.hpp"
#include "async/blocking_pool.hpp"
#include "fs/spool_layout.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// One place, as of the last look.
struct disk_room {
    std::string what;             ///< "inbox", "work", "outbox", "failed", "ledger"
    std::uint64_t free_bytes = 0; ///< for kycd, without what is kept for root
    std::uint64_t size_bytes = 0;
};

/// What was seen last. Places that could not be asked are left out.
struct disk_readings {
    std::vector<disk_room> rooms;
    std::optional<std::uint64_t> ledger_bytes; ///< the file with its write-ahead log
};

/// Loop's thread only.
class disk_watch {
  public:
    disk_watch(const fs::spool_layout& layout, std::filesystem::path ledger);

    /// Looks now, then every half minute, for ever. Ends by cancellation only. `pool` outlives it.
    [[nodiscard]] async::awaitable<void> watch(async::blocking_pool& pool);

    [[nodiscard]] const disk_readings& last() const { return last_; }

  private:
    std::vector<std::pair<std::string, std::filesystem::path>> places_;
    std::filesystem::path ledger_;
    disk_readings last_;
};

} // namespace kyc
