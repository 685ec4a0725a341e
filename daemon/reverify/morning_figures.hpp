#pragma once
// The figures of a morning report, worked out once for all its forms.

#include "reverify/morning_report.hpp"
#include "reverify/night.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::reverify {

/// How far the ticket was when the report was written.
enum class progress { running, waiting, paused, ended };

/// "running", "waiting" (for its window), "paused", "ended": as in report.json.
[[nodiscard]] std::string_view to_string(progress value);

/// What became of the cases that had one verdict.
struct verdict_row {
    verdict before = verdict::inconclusive;
    std::array<std::uint64_t, 3> after{}; ///< by verdict: pass, fail, inconclusive
    ticket_balance cases;
};

/// The columns of `after`.
inline constexpr std::array<verdict, 3> verdict_columns{verdict::pass, verdict::fail, verdict::inconclusive};

/// A case that has another answer now. `values` is what differs, from what to what: only where personal data are
/// wanted, and the answers were still there.
struct changed_case {
    const ledger::ticket_case* which = nullptr;
    std::optional<answer_change> values;
};

/// Cases that have a cause, a code or a reason in common, in the order in which they ran.
struct cause_group {
    std::string word;  ///< as in the ledger
    std::string words; ///< for people
    std::vector<const changed_case*> cases;
};

struct case_group {
    std::string key; ///< a code, or a sentence
    std::vector<const ledger::ticket_case*> cases;
};

/// Refers to the source, which outlives it.
struct morning_figures {
    const report_source& from;
    progress state = progress::ended;
    ticket_balance balance;
    std::uint64_t calls = 0;
    std::array<verdict_row, 3> verdicts{}; ///< those of `verdict_columns`
    std::vector<changed_case> changes;
    std::vector<cause_group> causes;  ///< in the order of change_cause; those that there are
    std::vector<case_group> failures; ///< by code, the most frequent first
    std::vector<case_group> skips;    ///< by reason, the most frequent first
    std::vector<const ledger::ticket_case*> newly_expired;
    std::optional<std::chrono::milliseconds> took; ///< from the first case's begin to the end, or till now
    std::optional<std::chrono::milliseconds> open; ///< of that, how long the window was open
    durations answered;                            ///< from receipt to answer

    /// Hands over each case in their order, with what differs where that is known and wanted; null elsewhere.
    void each_case(const std::function<void(const ledger::ticket_case&, const answer_change*)>& visit) const;

    explicit morning_figures(const report_source& source) : from(source) {}

    morning_figures(const morning_figures&) = delete; ///< `causes` points into `changes`
    morning_figures& operator=(const morning_figures&) = delete;
    morning_figures(morning_figures&&) = default;
    morning_figures& operator=(morning_figures&&) = delete;
};

/// Asks `values` once for each changed case.
[[nodiscard]] morning_figures work_out(const report_source& from);

/// The three forms.
[[nodiscard]] std::string morning_json(const morning_figures& of);
[[nodiscard]] std::string morning_csv(const morning_figures& of);
[[nodiscard]] std::string morning_html(const morning_figures& of);

/// "waiting" is what the ledger calls a case that is not done; in a report it is "not_done".
[[nodiscard]] std::string_view end_word(ticket_case_end end);

} // namespace kyc::reverify
