#pragma once
// The tickets that there are: in the inbox and in the ledger.

#include "commands/colours.hpp"
#include "fs/ticket_files.hpp"
#include "fs/ticket_strays.hpp"
#include "ledger/tickets.hpp"
#include "told/told_tickets.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// One of them, joined.
struct seen_ticket {
    std::string name;
    std::string state; ///< new, paused, cancelled (what its file's name asks for), or a word of ledger::ticket_state
    std::optional<fs::ticket_file> file;
    std::optional<ledger::ticket_standing> standing; ///< none: not taken yet
    std::string why;                                 ///< it does not run, or ended before all was done; empty: neither
    std::string words;                               ///< the same for people, printable, with what comes next
};

/// In the order of acceptance, those that were not taken yet behind them. A ledger that knows none, or cannot be read,
/// is an empty one here.
[[nodiscard]] std::vector<seen_ticket> join_tickets(const std::vector<ledger::ticket_standing>& known,
                                                    const std::vector<fs::ticket_file>& files);

/// Adds why those that have not ended do not run, as `kycd status` tells it.
void explain(std::vector<seen_ticket>& tickets, const std::vector<told_ticket>& told, utc_time now);

/// `strays`: what lies beside them and is none.
void print_tickets(std::ostream& out, const std::vector<seen_ticket>& tickets,
                   const std::vector<fs::ticket_stray>& strays, const painter& paint);

/// kycd.tickets/1
[[nodiscard]] std::string tickets_json(const std::vector<seen_ticket>& tickets,
                                       const std::vector<fs::ticket_stray>& strays);

} // namespace kyc
