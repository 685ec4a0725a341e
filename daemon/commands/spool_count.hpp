#pragma once
// How many cases are in which state, as `status` counts them: from what the running daemon says, else from the folders
// and the ledger. Blocking.

#include "commands/spool_view.hpp"
#include "told/standing.hpp"
#include "told/told_tickets.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// Of one state and service.
struct case_count {
    std::uint64_t cases = 0;
    std::optional<utc_time> oldest; ///< it has been like that since; none: nobody knows

    void add(std::optional<utc_time> since);
};

struct spool_count {
    std::map<std::pair<standing, std::string>, case_count> cells; ///< by canonical service; none of them empty
    std::vector<told_ticket> tickets;
    std::uint64_t unexamined = 0;       ///< waiting cases at which nobody looked: some may not be ready
    std::uint64_t unknown_outcomes = 0; ///< attempts, of all times
    std::uint64_t ended = 0;            ///< cases, within `window`
    std::chrono::seconds window{};      ///< how far back the rate looks; more than 0
    utc_time now{};                     ///< when it was counted

    [[nodiscard]] std::uint64_t count(std::initializer_list<standing> states) const;

    /// What will end by itself.
    [[nodiscard]] std::uint64_t backlog() const;

    /// From now until that has ended, at the rate of `window`; none: nothing ended lately.
    [[nodiscard]] std::optional<std::chrono::seconds> forecast() const;
};

/// What could not be read is among the view's troubles.
[[nodiscard]] spool_count count_spool(spool_view& view);

} // namespace kyc
