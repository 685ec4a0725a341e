#pragma once
// What came of the cases that ended within a time, added up from the ledger.

#include "core/lane.hpp"
#include "ledger/reader.hpp"
#include "ledger/records.hpp"
#include "text/durations.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// Cases that ended, and the submits they took.
struct outcome_figures {
    std::uint64_t passed = 0;
    std::uint64_t failed_check = 0; ///< verdict `fail`
    std::uint64_t inconclusive = 0;
    std::uint64_t failed = 0;           ///< in failed/, with an error.json
    std::uint64_t gone = 0;             ///< somebody took the folder out of work/
    std::uint64_t paid_calls = 0;       ///< submits that the API accepted
    std::uint64_t unknown_outcomes = 0; ///< submits that it may have accepted
    std::uint64_t not_paid_again = 0;   ///< cases answered without a call of their own (intake.dedupe)

    [[nodiscard]] std::uint64_t delivered() const { return passed + failed_check + inconclusive; }

    void add(const ledger::case_history& ended);
    void add(const outcome_figures& others);
};

/// What ended of one lane.
struct lane_figures {
    std::map<std::string, outcome_figures> services;                     ///< canonical name
    std::map<std::pair<std::string, std::string>, outcome_figures> days; ///< by UTC date ("2026-11-20") and service
    std::map<std::string, std::uint64_t> failures;                       ///< by code

    [[nodiscard]] outcome_figures sum() const;

    void add(const ledger::case_history& ended);
};

/// The cases that ended between two times. What was dropped is told from what was verified again, for one case would be
/// counted twice; the vendor's bill has the calls of both.
struct period {
    utc_time from{};
    utc_time to{};
    lane_figures live; ///< cases that were dropped
    lane_figures bulk; ///< re-verifications: "delivered" has a new answer, of "failed" and "gone" the old one stands
    durations whole;   ///< of delivered live cases: claim to end
    durations upload;  ///< of the submit that led to their answer
    durations answer;  ///< from the receipt to the end

    /// Of both lanes: only the paid calls and the unknown outcomes of it mean anything.
    [[nodiscard]] outcome_figures bill() const;

    void add(const ledger::case_history& ended);
};

/// The tables of a report, for people: titles under `first`, and cells that stand below them.
[[nodiscard]] std::vector<std::string> outcome_heads(std::string first, lane which);
[[nodiscard]] std::vector<std::string> outcome_cells(std::string name, const outcome_figures& of, lane which);
/// What the vendor bills, of both lanes; empty when nothing was verified again.
[[nodiscard]] std::string bill_words(const period& report);
[[nodiscard]] std::vector<std::string> duration_heads(std::string first);
[[nodiscard]] std::vector<std::vector<std::string>> duration_rows(const period& report);

/// Reads the ledger; the error is a sentence. What ended at `to` or after it is left out, so that each
/// case is in one of two periods that meet.
[[nodiscard]] ledger::read_result<period> read_period(ledger::reader& ledger, utc_time from, utc_time to);

} // namespace kyc
