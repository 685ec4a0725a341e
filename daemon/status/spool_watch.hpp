#pragma once
// Looks now and then whether the spool and the ledger's folder can be used, so that an idle daemon, too, knows.

#include "async/awaitable.hpp"
#include "async/blocking_pool.hpp"
#include "figures/progress_marks.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <string>

namespace kyc {

/// Loop's thread only; the looking is on the pool.
class spool_watch {
  public:
    /// All references outlive it. `identity` is the spool's.
    spool_watch(async::blocking_pool& pool, const fs::spool_layout& layout, std::string identity,
                std::filesystem::path ledger);

    /// Looks again and again. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep();

    /// What is wrong with the spool's folders, in words that name no case; empty: nothing, as of the last look.
    [[nodiscard]] std::string spool_trouble(progress_mark::clock::time_point now) const;

    /// The same of the ledger's folder.
    [[nodiscard]] const std::string& ledger_trouble() const { return ledger_trouble_; }

  private:
    async::blocking_pool& pool_;
    const fs::spool_layout& layout_;
    std::string identity_;
    std::filesystem::path ledger_folder_;
    progress_mark looking_;
    std::string spool_trouble_;
    std::string ledger_trouble_;
};

} // namespace kyc
