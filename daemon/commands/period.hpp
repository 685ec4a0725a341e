#pragma once
// What came of the cases that ended within a time, added up from the ledger.

#include "ledger/reader.hpp"
#include "ledger/records.hpp"

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

/// Durations of many cases.
class durations {
  public:
    void add(std::chrono::system_clock::duration took);

    [[nodiscard]] std::size_t count() const { return all_.size(); }

    /// The duration that this share of them does not exceed (nearest rank), 0 < share <= 1; zero when there are none.
    [[nodiscard]] std::chrono::milliseconds at(double share) const;

  private:
    mutable std::vector<std::chrono::milliseconds> all_;
    mutable bool sorted_ = true;
};

/// The cases that ended between two times.
struct period {
    utc_time from{};
    utc_time to{};
    std::map<std::string, outcome_figures> services;                     ///< canonical name
    std::map<std::pair<std::string, std::string>, outcome_figures> days; ///< by UTC date ("2026-11-20") and service
    std::map<std::string, std::uint64_t> failures;                       ///< by code
    durations whole;                                                     ///< of delivered cases: claim to end
    durations upload;                                                    ///< of the submit that led to the answer
    durations answer;                                                    ///< from the receipt to the end

    [[nodiscard]] outcome_figures sum() const;

    void add(const ledger::case_history& ended);
};

/// The tables of a report, for people: titles under `first`, and cells that stand below them.
[[nodiscard]] std::vector<std::string> outcome_heads(std::string first);
[[nodiscard]] std::vector<std::string> outcome_cells(std::string name, const outcome_figures& of);
[[nodiscard]] std::vector<std::string> duration_heads(std::string first);
[[nodiscard]] std::vector<std::vector<std::string>> duration_rows(const period& report);

/// Reads the ledger; the error is a sentence. What ended after `to` is left out.
[[nodiscard]] ledger::read_result<period> read_period(ledger::reader& ledger, utc_time from, utc_time to);

} // namespace kyc
