#pragma once
// A re-verification ticket as a value (design section 9): which delivered cases, and how they are run.
// Parsed elsewhere (daemon/reverify/ticket_yaml.hpp); nothing here knows YAML.

#include "core/answer.hpp"
#include "core/report_json.hpp"
#include "core/time_window.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kyc {

/// In which order the selected cases are run, and which ones a limit keeps.
enum class ticket_order {
    oldest, ///< by the time of the last answer
    newest,
    name,    ///< by service folder, then name, bytewise
    expiry,  ///< documents that expire first, then those without a date; oldest first among the same
    shuffled ///< by the sample's seed, 0 without a sample; a sample of all is a way to give one
};

/// "N" or "P %" of what matches, drawn by the seed: the same seed and cases give the same draw.
struct ticket_sample {
    std::optional<std::size_t> count;
    double share = 1; ///< 0..1, without a count; rounded up, so that a share of something is never nothing
    std::uint64_t seed = 0;
};

/// Which delivered cases. Everything that is given must match; nothing given is every delivered case.
struct ticket_selection {
    std::vector<std::string> services;                   ///< canonical names; empty: all
    std::vector<verdict> verdicts;                       ///< of the last answer; empty: all
    std::optional<utc_time> delivered_before;            ///< the last answer came before
    std::optional<std::chrono::milliseconds> older_than; ///< the last answer is older
    /// By its date as of today (UTC; the day itself is the last one on which it is valid), or as the last answer says;
    /// false: neither, and that is so of a case without a document.
    std::optional<bool> document_expired;
    std::optional<std::chrono::milliseconds> document_expires_within; ///< from now; expired ones are not among them
    std::vector<std::string> names; ///< case names or folders' names, or globs of them (core/glob.hpp); empty: all
    std::vector<std::pair<std::string, std::string>> labels; ///< of the case's manifest
    std::optional<ticket_sample> sample;
    ticket_order order = ticket_order::oldest;
    std::optional<std::size_t> limit; ///< after order and sample
};

/// A bound on how many may end so before the ticket is stopped: one of the two is given.
struct ticket_bound {
    std::optional<std::uint64_t> count; ///< stop when more than so many
    std::optional<double> share;        ///< 0..1 of those that ended, judged once enough have (see ticket_balance.hpp)
};

struct ticket {
    std::string name; ///< the file's name without its ending; a case name by the rules of core/case_name.hpp
    ticket_selection which;
    std::optional<time_window> window;  ///< none: lanes.bulk.window
    double rate = 0;                    ///< submissions per second; 0: no limit of its own
    std::optional<std::uint64_t> calls; ///< budget: paid calls at most, repeats included
    std::vector<std::string> canary;    ///< case names that run first, selected or not
    std::optional<ticket_bound> stop_if_failed;
    std::optional<ticket_bound> stop_if_changed;
    bool next_night = true; ///< what a window's end leaves undone goes on when it opens next; else the ticket ends
};

/// A delivered case as its folder shows it.
struct delivered_case {
    std::string folder;    ///< below outbox/
    std::string place;     ///< its folder's name there, which may end in ~2
    std::string case_name; ///< `case` of its result.json
    std::string service;   ///< canonical
    kyc::verdict verdict = kyc::verdict::inconclusive;
    utc_time answered_at{};
    std::optional<std::chrono::sys_days> expires_on;
    std::optional<bool> said_expired;                        ///< checks.document_expired
    std::vector<std::pair<std::string, std::string>> labels; ///< filled only for a selection that asks for labels
};

/// Whether a case is selected by everything but sample, order and limit. Made once for many cases: a ticket may name
/// thousands. `which` outlives it. Pure; any thread.
class case_selector {
  public:
    case_selector(const ticket_selection& which, utc_time now);

    [[nodiscard]] bool operator()(const delivered_case& candidate) const;

  private:
    [[nodiscard]] bool is_named(const delivered_case& candidate) const;

    const ticket_selection& which_;
    utc_time now_;
    std::unordered_set<std::string> names_;
    std::vector<std::string_view> globs_;
};

/// The same for one case.
[[nodiscard]] bool matches(const ticket_selection& which, const delivered_case& candidate, utc_time now);

/// One case of a ticket.
struct chosen_case {
    delivered_case which;
    bool canary = false;
};

/// Sample, order and limit over the cases that match; then the canaries of `asked` in front, in the order of their
/// names there, whether they matched or not (`all` are the delivered cases that matched or are named as canaries). A
/// name stands for every case of that name or folder. Each case is there once. What is equal goes by folder and place,
/// so the same cases give the same answer in whatever order they come. Pure.
[[nodiscard]] std::vector<chosen_case> choose(const ticket& asked, std::vector<delivered_case> all, utc_time now);

} // namespace kyc
