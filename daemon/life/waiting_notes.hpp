#pragma once
// Which notes lie beside cases that wait in the inbox (`intake.explain`), and when each is written, changed, removed.

#include "async/awaitable.hpp"
#include "async/signal.hpp"
#include "fs/inbox.hpp"
#include "life/case_world.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace kyc {

/// What a case waits for.
struct waiting_reason {
    std::string why;
    utc_time since{};              ///< nothing of it changed since then
    std::optional<utc_time> until; ///< then it goes to failed/
};

/// The text of a note. Names the case, which lies beside it.
[[nodiscard]] std::string note_text(const fs::inbox_entry& entry, const waiting_reason& reason, utc_time now);

/// Keeps the notes in step with what intake finds. What is over within seconds gets none. The disk is the pool's; what
/// goes wrong there is logged once, tried again, and holds up no case. Does nothing while the setting is off.
/// Loop's thread only.
class waiting_notes {
  public:
    waiting_notes(const case_world& world, const boost::asio::any_io_executor& loop) : world_(world), bell_(loop) {}

    /// The entry was looked at and waits.
    void tell(const fs::inbox_entry& entry, waiting_reason reason);

    /// The entry has been taken, or has gone.
    void withdraw(const fs::inbox_entry& entry);

    /// Removes what an earlier run left, then writes and removes for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> keep();

    /// Removes all that were written: nobody would keep them true. After keep() has ended.
    [[nodiscard]] async::awaitable<void> end();

  private:
    using steady_time = std::chrono::steady_clock::time_point;

    struct note {
        waiting_reason reason;
        bool written = false;   ///< it may lie there, or is being written
        bool withdrawn = false; ///< it is to be removed
    };

    struct change {
        fs::inbox_entry entry;
        std::optional<std::string> text; ///< none: remove it
    };

    [[nodiscard]] std::vector<change> due_changes();
    [[nodiscard]] async::awaitable<void> carry_out(std::vector<change> changes);
    void say(const std::optional<fault>& met);
    void plan(const fs::inbox_entry& entry, std::chrono::steady_clock::duration in);

    const case_world& world_;
    async::signal bell_; ///< agenda_ changed
    std::map<fs::inbox_entry, note> notes_;
    std::multimap<steady_time, fs::inbox_entry> agenda_; ///< whose turn comes when; may name one more than once
    bool in_trouble_ = false;
};

} // namespace kyc
