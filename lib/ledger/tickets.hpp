#pragma once
// What the ledger knows of re-verification tickets (design section 9): the rows as values.

#include "core/report_json.hpp"
#include "core/ticket_balance.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::ledger {

/// How far a ticket is. It leaves the inbox only after `reporting`: whatever is in the way of that, a ticket that was
/// accepted once is never accepted, and paid, again.
enum class ticket_state {
    selecting, ///< its cases are being written down: nothing was sent; a start begins anew
    running,   ///< or waiting for its window
    pausing,   ///< kycd paused it and its file is about to be renamed
    paused,    ///< by its file's name
    reporting, ///< all that will be done is done; its file is still in the inbox
    ended,     ///< report written, file gone
};

/// "selecting", "running", "pausing", "paused", "reporting", "ended"; the way back reads every other word as the first.
[[nodiscard]] std::string_view to_string(ticket_state value);
[[nodiscard]] ticket_state ticket_state_from(std::string_view word);

/// One ticket.
struct ticket_record {
    std::int64_t id = 0; ///< the row, in the order of acceptance; 0: not in the file yet
    std::string name;    ///< the file's name without its ending
    std::string text;    ///< as it was dropped
    std::string orders;  ///< a ticket's text: how it is run, not which cases; what was left out in a comment
    ticket_state state = ticket_state::selecting;
    std::string why;                ///< it is paused, or ended before all was done: a sentence. Empty otherwise
    bool canaries_accepted = false; ///< somebody resumed it after its canaries had differed: they are not judged again
    utc_time accepted_at{};
    std::optional<utc_time> begun_at; ///< the first case of it was started
    std::optional<utc_time> ended_at;
    std::string place; ///< the folder of its report
};

/// One case of a ticket. The row holds no personal data but the case's name.
struct ticket_case {
    std::uint64_t number = 0; ///< from 1, in the order in which they run; canaries first
    std::string folder;       ///< below outbox/
    std::string place;        ///< its folder's name there
    std::string case_name;
    std::string service; ///< canonical
    bool canary = false;
    std::string verdict_before; ///< of the answer that stood when the ticket was accepted
    utc_time answered_before{};

    ticket_case_end end = ticket_case_end::waiting;
    std::string verdict_after;       ///< of unchanged and changed ones
    std::string code;                ///< of failed ones: as in error.json
    std::string why;                 ///< of failed and skipped ones: a sentence
    std::string cause;               ///< of changed ones: word_of(change_cause)
    std::vector<std::string> fields; ///< of changed ones: the names of the fields that differ
    bool newly_expired = false;
    std::uint32_t calls = 0;              ///< paid ones, as far as is known: submits that may have been accepted
    std::optional<utc_time> submitted_at; ///< of its receipt
    std::optional<utc_time> answered_at;
    std::optional<utc_time> ended_at;
};

/// A ticket with what its cases come to.
struct ticket_standing {
    ticket_record about;
    ticket_balance balance;
    std::uint64_t calls = 0; ///< of the cases that ended; to those who read beside the daemon, of all
};

} // namespace kyc::ledger
