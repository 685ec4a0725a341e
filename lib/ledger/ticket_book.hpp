#pragma once
// The ledger's part about re-verification tickets, behind an interface of its own: whoever takes cases needs none of
// it.

#include "async/awaitable.hpp"
#include "core/result.hpp"
#include "ledger/records.hpp"
#include "ledger/tickets.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kyc::ledger {

/// The tickets and their cases. Threads, durability, faults and cancellation as in ledger/ledger.hpp.
class ticket_book {
  public:
    virtual ~ticket_book() = default;

    /// Every ticket that has not ended, in the order of acceptance.
    [[nodiscard]] virtual async::awaitable<result<std::vector<ticket_standing>>> open_tickets() = 0;

    /// The last ticket of that name that has ended and is not forgotten.
    [[nodiscard]] virtual async::awaitable<result<std::optional<ticket_record>>> ended_ticket(std::string name) = 0;

    /// Adds a ticket without an id (EEXIST never: one open ticket of a name is the caller's rule), or changes what of
    /// the row may change: orders, state, why, canaries_accepted, begun_at, ended_at, place. Returns its id.
    [[nodiscard]] virtual async::awaitable<result<std::int64_t>> put_ticket(ticket_record what) = 0;

    /// Adds cases to a ticket that is `selecting`.
    [[nodiscard]] virtual async::awaitable<result<void>> add_ticket_cases(std::int64_t ticket,
                                                                          std::vector<ticket_case> cases) = 0;

    /// Forgets a ticket of which nothing was sent.
    [[nodiscard]] virtual async::awaitable<result<void>> delete_ticket(std::int64_t ticket) = 0;

    /// The ticket's next cases after number `after`, at most `most`; `waiting`: only those that have not ended.
    [[nodiscard]] virtual async::awaitable<result<std::vector<ticket_case>>>
    ticket_cases(std::int64_t ticket, std::uint64_t after, std::size_t most, bool waiting) = 0;

    /// How a case of a ticket ended, and, where it has a record, that it is closed so: both or none.
    [[nodiscard]] virtual async::awaitable<result<void>> end_ticket_case(std::int64_t ticket, ticket_case which,
                                                                         std::optional<closed_case> closed) = 0;

    /// Forgets the tickets that ended before `time`, with their cases.
    [[nodiscard]] virtual async::awaitable<result<void>> forget_tickets(utc_time before) = 0;
};

} // namespace kyc::ledger
