#pragma once
// The tables of tickets: what is written and how, for the writer and for readers. Every function throws sqlite_error.

#include "ledger/sqlite.hpp"
#include "ledger/tickets.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kyc::ledger {

/// Inserts a ticket without an id and returns its id; replaces the row of one that has one.
std::int64_t insert_or_update_ticket(database& file, const ticket_record& what);

/// In the order of their numbers, at the end of those that are there.
void insert_ticket_cases(database& file, std::int64_t ticket, const std::vector<ticket_case>& cases);

/// How one case ended; what was known of it before stays.
void put_ticket_end(database& file, std::int64_t ticket, const ticket_case& which);

/// The ticket with its cases.
void remove_ticket(database& file, std::int64_t ticket);

/// Tickets that ended before `time`.
void delete_tickets_before(database& file, utc_time time);

/// In the order of acceptance; `open`: only those that have not ended.
[[nodiscard]] std::vector<ticket_standing> read_tickets(database& file, bool open);

/// The calls of its cases that have not ended, as far as they are or may be paid.
[[nodiscard]] std::uint64_t calls_in_hand(database& file, std::int64_t ticket);

/// The last one of that name that has ended.
[[nodiscard]] std::optional<ticket_record> read_ended_ticket(database& file, const std::string& name);

/// The next cases after number `after`, at most `most`; `waiting`: only those that have not ended.
[[nodiscard]] std::vector<ticket_case> read_ticket_cases(database& file, std::int64_t ticket, std::uint64_t after,
                                                         std::size_t most, bool waiting);

} // namespace kyc::ledger
