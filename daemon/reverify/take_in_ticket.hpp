#pragma once
// A ticket's way in: its text is read and checked, its cases are chosen and written down.

#include "core/ticket.hpp"
#include "fs/ticket_files.hpp"
#include "ledger/tickets.hpp"
#include "life/case_world.hpp"

#include <atomic>
#include <optional>
#include <string>

namespace kyc::reverify {

/// What a ticket's text says.
struct parsed_ticket {
    std::optional<ticket> asked;
    std::string why; ///< none: all that is wrong with it, a line each
};

/// `file`: how it is called in what is wrong with it. Reads the CSV beside it that it may name: blocks.
[[nodiscard]] parsed_ticket parse_dropped(const fs::spool_layout& layout, const service_table& services,
                                          const std::string& name, const std::string& file, const std::string& text);

/// A ticket that may run.
struct accepted_ticket {
    ledger::ticket_record about; ///< with its row's id; running
    ticket asked;
    std::uint64_t selected = 0;
};

/// What cuts a ticket's way in short. Set on the loop's thread, read on any.
struct way_in_end {
    std::atomic<bool> stopping = false;  ///< kycd ends: the next start begins anew
    std::atomic<bool> cancelled = false; ///< nobody wants it any more: nothing of it is kept
};

/// Takes in a file of inbox/reverify/, durably, with all the cases that it selects; what cannot be run ends in
/// failed/reverify/, and is none; so is a file that has gone meanwhile, and one that is cut short. `unless` outlives
/// the call.
[[nodiscard]] async::awaitable<std::optional<accepted_ticket>> take_in_ticket(case_world& world, fs::ticket_file file,
                                                                              const way_in_end& unless);

} // namespace kyc::reverify
