#pragma once
// What kycd does about the system's own trouble: wait, say so once, go on by itself (design section 6, last paragraph).

#include "async/awaitable.hpp"
#include "core/fault.hpp"

#include <chrono>
#include <map>
#include <string>

namespace kyc {

/// Collects the faults that are being waited out. A fault is one thing however many cases run into it: it is logged
/// when it begins and when it is over. Loop's thread only.
class fault_pause {
  public:
    /// Notes the fault and suspends for a while (1 s, doubling to 30 s while it lasts). Throws operation_aborted when
    /// cancelled.
    [[nodiscard]] async::awaitable<void> wait(fault what);

    /// Something that had run into a fault works again.
    void cleared(const fault& what);

    /// Whether anything is being waited out: then nothing new is claimed.
    [[nodiscard]] bool active() const { return !ongoing_.empty(); }

    /// The oldest one in words, for the status line; empty when all is well.
    [[nodiscard]] std::string describe() const;

  private:
    struct ongoing {
        std::string words;
        std::chrono::seconds delay{1};
        std::size_t times = 0;
    };

    std::map<int, ongoing> ongoing_; ///< by errno
};

} // namespace kyc
