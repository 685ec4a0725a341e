#pragma once
// The one owner of "what now?": from what came back to what kycd does (design section 8).

#include "core/failure.hpp"
#include "core/transport.hpp"

#include <chrono>
#include <optional>
#include <span>

namespace kyc {

/// Which call.
enum class phase { token, submit, poll };

/// What to do.
enum class action {
    accept,          ///< read the body: a receipt, an answer, a pair of tokens
    fail,            ///< final for this case, with the ruling's code
    retry,           ///< later, with backoff; for submit it is certain that nothing was accepted
    renew_token,     ///< once, then replay
    pause,           ///< the credentials are refused: nobody's case is at fault
    unknown_outcome, ///< the API may have accepted (and billed) the submit
    not_yet,         ///< a task too fresh to be found: poll again
};

struct ruling {
    kyc::action action = kyc::action::retry;
    std::optional<failure_code> code; ///< for fail
    bool host_trouble = false;        ///< counts against the host (breaker), not against the case
    bool service_trouble = false;     ///< counts against the service: five in a row pause it; with host_trouble: only
                                      ///< while others get through
    bool hold = false;                ///< for unknown_outcome: never repeated by itself, whatever the settings say
};

/// For so long after its receipt a task that is not found, or breaks, may simply not be there yet.
inline constexpr std::chrono::seconds fresh_task_age{60};

/// What else must hold for a row of the status table.
enum class row_condition {
    always,
    fresh,       ///< the task is younger than fresh_task_age
    wholly_sent, ///< the request's body was written to its end
    page,        ///< the body is something else than JSON: whoever said it stands before the API, and knows no case
};

/// One rule about replies. Within a phase the first row that fits counts; the last one fits every status.
struct status_row {
    phase during;
    int first, last; ///< HTTP statuses, both included; 0, 0: every status
    row_condition when;
    ruling what;
};

/// One rule about requests that got no usable reply, as above.
struct transport_row {
    phase during;
    std::optional<transport_problem> problem; ///< none: each
    std::optional<sent> amount;               ///< none: however much was sent
    ruling what;
};

/// The rules themselves: what the functions below look up, what the tests are made from, and what
/// docs/api-behaviour.md prints.
[[nodiscard]] std::span<const status_row> status_rules();
[[nodiscard]] std::span<const transport_row> transport_rules();

/// What about a reply decides beside its status.
struct reply_traits {
    bool fresh_task = false;    ///< polls: within fresh_task_age of the receipt
    sent body_sent = sent::all; ///< submits: a 500/502/504 before the body was written is a plain retry
    bool is_page = false;       ///< a refusal (4xx) whose body is there, and no JSON
};

/// The ruling for a reply with this HTTP status. Total: every int has a ruling. For phase token, pause is meant for a
/// login; a refused refresh is followed by a login. A submit's `accept` still needs a usable id: without one the caller
/// rules no_receipt().
[[nodiscard]] ruling rule_for_status(phase during, int http_status, reply_traits traits = {});

/// The ruling for a request that got no usable reply.
[[nodiscard]] ruling rule_for_transport(phase during, const transport_error& error);

/// The ruling for an accepted submit that brought no usable task id: it may be billed, and nothing can find it again.
[[nodiscard]] ruling no_receipt();

} // namespace kyc
