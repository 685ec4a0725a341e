#include "core/retry_rules.hpp"

#include <algorithm>
#include <iterator>

namespace kyc {
namespace {

/// What else must hold for a row of the status table.
enum class when {
    always,
    fresh,       ///< the task is young
    wholly_sent, ///< the request's body was written to its end
};

constexpr ruling accept{action::accept, {}, false, false, false};
constexpr ruling renew{action::renew_token, {}, false, false, false};
constexpr ruling pause{action::pause, {}, false, false, false};
constexpr ruling not_yet{action::not_yet, {}, false, false, false};
constexpr ruling retry{action::retry, {}, false, false, false};
constexpr ruling retry_host{action::retry, {}, true, false, false};
constexpr ruling retry_service{action::retry, {}, false, true, false};
constexpr ruling unknown_host{action::unknown_outcome, failure_code::unknown_outcome, true, false, false};
constexpr ruling unknown_held{action::unknown_outcome, failure_code::unknown_outcome, false, false, true};

constexpr ruling fail(failure_code code) {
    return {action::fail, code, false, false, false};
}

constexpr ruling refuse(failure_code code) {
    return {action::fail, code, false, true, false};
}

struct status_row {
    phase during;
    int first, last; ///< HTTP statuses, both included
    kyc::when when;
    ruling what;
};

using enum failure_code;

// clang-format off
/// Design section 8. The first row that fits counts; each phase ends with a row that fits every status.
constexpr status_row by_status[] = {
    // A login or a refresh. What is neither a pair of tokens nor a clear no is tried again: no case may suffer for it.
    {phase::token, 200, 202, when::always, accept},
    {phase::token, 400, 401, when::always, pause},
    {phase::token, 403, 403, when::always, pause},
    {phase::token, 500, 599, when::always, retry_host},
    {phase::token,   0,   0, when::always, retry},

    // A paid call.
    {phase::submit, 200, 202, when::always, accept},
    {phase::submit, 300, 399, when::always, refuse(api_refused)},
    {phase::submit, 400, 400, when::always, fail(rejected)},
    {phase::submit, 401, 401, when::always, renew},
    {phase::submit, 403, 403, when::always, refuse(forbidden)},
    {phase::submit, 404, 404, when::always, refuse(not_found)},
    {phase::submit, 405, 406, when::always, refuse(api_refused)},
    {phase::submit, 408, 408, when::always, retry},
    {phase::submit, 413, 413, when::always, refuse(too_large_for_api)},
    {phase::submit, 415, 415, when::always, refuse(api_refused)},
    {phase::submit, 425, 425, when::always, retry},
    {phase::submit, 429, 429, when::always, retry},
    {phase::submit, 400, 499, when::always, refuse(api_refused)},
    {phase::submit, 503, 503, when::always, retry_host},
    {phase::submit, 500, 599, when::wholly_sent, unknown_host},
    {phase::submit, 500, 599, when::always, retry_host},
    {phase::submit,   0,   0, when::always, {action::fail, reply_not_understood, false, false, true}},

    // A question about a task that is paid for already. The contract names 403, 405, 406, 413, 415 and 3xx for submits only:
    // here they say nothing about the task, so it is asked for again until its deadline instead of being thrown away.
    {phase::poll, 200, 202, when::always, accept},
    {phase::poll, 204, 205, when::always, not_yet},
    {phase::poll, 300, 399, when::always, retry_service},
    {phase::poll, 400, 400, when::always, fail(task_rejected)},
    {phase::poll, 401, 401, when::always, renew},
    {phase::poll, 404, 404, when::fresh,  not_yet},
    {phase::poll, 404, 404, when::always, fail(task_lost)},
    {phase::poll, 408, 408, when::always, retry},
    {phase::poll, 410, 410, when::always, fail(task_lost)},
    {phase::poll, 425, 425, when::always, retry},
    {phase::poll, 429, 429, when::always, retry},
    {phase::poll, 400, 499, when::always, retry_service},
    {phase::poll, 500, 500, when::fresh,  not_yet},
    {phase::poll, 500, 599, when::always, retry_host},
    {phase::poll,   0,   0, when::always, fail(reply_not_understood)},
};

struct transport_row {
    phase during;
    bool any_problem;          ///< `problem` does not matter
    transport_problem problem;
    bool any_amount;           ///< `amount` does not matter
    sent amount;
    ruling what;
};

constexpr auto any = transport_problem::reset;

/// As above, for requests without a usable reply.
constexpr transport_row by_transport[] = {
    {phase::token,  false, transport_problem::cancelled,       true,  sent::all, retry},
    {phase::token,  false, transport_problem::reply_too_large, true,  sent::all, retry},
    {phase::token,  true,  any,                                true,  sent::all, retry_host},

    // Only a request that was wholly sent can have been acted on. A reply too large to read came from somebody who did.
    {phase::submit, false, transport_problem::reply_too_large, false, sent::all, unknown_held},
    {phase::submit, false, transport_problem::cancelled,       false, sent::all, {action::unknown_outcome, unknown_outcome, false, false, false}},
    {phase::submit, false, transport_problem::cancelled,       true,  sent::all, retry},
    {phase::submit, true,  any,                                false, sent::all, unknown_host},
    {phase::submit, true,  any,                                true,  sent::all, retry_host},

    {phase::poll,   false, transport_problem::cancelled,       true,  sent::all, retry},
    {phase::poll,   false, transport_problem::reply_too_large, true,  sent::all, fail(reply_not_understood)},
    {phase::poll,   true,  any,                                true,  sent::all, retry_host},
};

// clang-format on

bool fits(const status_row& row, phase during, int status, bool fresh_task, sent body_sent) {
    if (row.during != during) return false;
    if (row.last != 0 && (status < row.first || status > row.last)) return false;
    switch (row.when) {
    case when::always:
        return true;
    case when::fresh:
        return fresh_task;
    case when::wholly_sent:
        return body_sent == sent::all;
    }
    return false;
}

bool fits(const transport_row& row, phase during, const transport_error& error) {
    return row.during == during && (row.any_problem || row.problem == error.problem) &&
           (row.any_amount || row.amount == error.sent);
}

} // namespace

ruling rule_for_status(phase during, int http_status, bool fresh_task, sent body_sent) {
    const auto* row = std::find_if(std::begin(by_status), std::end(by_status), [&](const status_row& r) {
        return fits(r, during, http_status, fresh_task, body_sent);
    });
    return row->what;
}

ruling rule_for_transport(phase during, const transport_error& error) {
    const auto* row = std::find_if(std::begin(by_transport), std::end(by_transport),
                                   [&](const transport_row& r) { return fits(r, during, error); });
    return row->what;
}

ruling no_receipt() {
    return unknown_held;
}

} // namespace kyc
