#pragma once
// Whether kycd lives and whether it can work, by component: for /livez, /readyz, the page and the status document.

#include "core/json_writer.hpp"
#include "figures/progress_marks.hpp"
#include "life/fault_pause.hpp"
#include "progeny/api.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// How far the daemon is.
enum class run_phase { starting, running, stopping };

/// What health is judged by; gathered by operator_desk.
struct health_facts {
    run_phase phase = run_phase::starting;
    std::vector<progress_marks::state> progress{};
    std::vector<fault_pause::state> faults{};
    std::optional<fault> commit_fault{}; ///< what the last commit met; none: it was made
    std::string spool_trouble{};         ///< as spool_watch saw it
    std::string ledger_trouble{};
    progeny::api_health api{};
};

/// One part of the daemon, or of what it needs.
struct health_component {
    std::string name;
    bool ok = true;
    std::string words{};   ///< why not; no case is named
    bool is_vital = false; ///< when it stands still the daemon does not live: only a restart may help
    bool moves = true;     ///< a vital one. It moves also while it waits for a disk to be mended, but is not ok then
};

struct health_report {
    std::vector<health_component> components;

    /// All parts move.
    [[nodiscard]] bool is_live() const;

    /// It can take cases, have them answered, and deliver them.
    [[nodiscard]] bool is_ready() const;
};

[[nodiscard]] health_report judge_health(const health_facts& facts);

/// A line each, "ok loop" or "bad ledger: why": whether the vital ones move.
[[nodiscard]] std::string live_lines(const health_report& report);

/// The same of all, and whether they are well.
[[nodiscard]] std::string ready_lines(const health_report& report);

/// {"live": …, "ready": …, "components": [{"name": …, "ok": …, "words": …}]}
void write_health(json_writer& out, const health_report& report);

} // namespace kyc
