#include "core/retry_rules.hpp"

#include <algorithm>
#include <iterator>

namespace kyc {
namespace {

constexpr ruling accept{action::accept, {}, false, false, false};
constexpr ruling renew{action::renew_token, {}, false, false, false};
constexpr ruling pause{action::pause, {}, false, false, false};
constexpr ruling not_yet{action::not_yet, {}, false, false, false};
constexpr ruling retry{action::retry, {}, false, false, false};
constexpr ruling retry_host{action::retry, {}, true, false, false};
constexpr ruling retry_service{action::retry, {}, false, true, false};
constexpr ruling unknown_both{action::unknown_outcome, failure_code::unknown_outcome, true, true, false};
constexpr ruling unknown_held{action::unknown_outcome, failure_code::unknown_outcome, false, false, true};

constexpr ruling fail(failure_code code) {
    return {action::fail, code, false, false, false};
}

constexpr ruling refuse(failure_code code) {
    return {action::fail, code, false, true, false};
}

using enum failure_code;

constexpr std::optional<transport_problem> any_problem;
constexpr std::optional<sent> any_amount;

// clang-format off
/// Design section 8. The first row that fits counts; each phase ends with a row that fits every status.
constexpr status_row by_status[] = {
    // A login or a refresh. What is neither a pair of tokens nor a clear no is tried again: no case may suffer for it.
    {phase::token, 200, 202, row_condition::always, accept},
    // A page is a proxy's, and no word about the credentials.
    {phase::token, 400, 400, row_condition::page,   retry},
    {phase::token, 403, 403, row_condition::page,   retry},
    {phase::token, 400, 401, row_condition::always, pause},
    {phase::token, 403, 403, row_condition::always, pause},
    {phase::token, 500, 599, row_condition::always, retry_host},
    {phase::token,   0,   0, row_condition::always, retry},

    // A paid call.
    {phase::submit, 200, 202, row_condition::always, accept},
    {phase::submit, 300, 399, row_condition::always, refuse(api_refused)},
    // A proxy's 400 (a client certificate it misses, a header too long) would be as wrong for the next case.
    {phase::submit, 400, 400, row_condition::page,   refuse(reply_not_understood)},
    {phase::submit, 400, 400, row_condition::always, fail(rejected)},
    {phase::submit, 401, 401, row_condition::always, renew},
    {phase::submit, 403, 403, row_condition::always, refuse(forbidden)},
    {phase::submit, 404, 404, row_condition::always, refuse(not_found)},
    {phase::submit, 405, 406, row_condition::always, refuse(api_refused)},
    {phase::submit, 408, 408, row_condition::always, retry},
    {phase::submit, 413, 413, row_condition::always, refuse(too_large_for_api)},
    {phase::submit, 415, 415, row_condition::always, refuse(api_refused)},
    {phase::submit, 425, 425, row_condition::always, retry},
    {phase::submit, 429, 429, row_condition::always, retry},
    {phase::submit, 400, 499, row_condition::always, refuse(api_refused)},
    {phase::submit, 503, 503, row_condition::always, retry_host},
    {phase::submit, 500, 599, row_condition::wholly_sent, unknown_both},
    {phase::submit, 500, 599, row_condition::always, retry_host},
    {phase::submit,   0,   0, row_condition::always, {action::fail, reply_not_understood, false, false, true}},

    // A question about a task that is paid for already. The contract names 403, 405, 406, 413, 415 and 3xx for submits only:
    // here they say nothing about the task, so it is asked for again until its deadline instead of being thrown away.
    // Nor does a page: the API speaks JSON.
    {phase::poll, 200, 202, row_condition::always, accept},
    {phase::poll, 204, 205, row_condition::always, not_yet},
    {phase::poll, 300, 399, row_condition::always, retry_service},
    {phase::poll, 400, 400, row_condition::page,   retry_service},
    {phase::poll, 400, 400, row_condition::always, fail(task_rejected)},
    {phase::poll, 401, 401, row_condition::always, renew},
    {phase::poll, 404, 404, row_condition::fresh,  not_yet},
    {phase::poll, 404, 404, row_condition::page,   retry_service},
    {phase::poll, 404, 404, row_condition::always, fail(task_lost)},
    {phase::poll, 408, 408, row_condition::always, retry},
    {phase::poll, 410, 410, row_condition::page,   retry_service},
    {phase::poll, 410, 410, row_condition::always, fail(task_lost)},
    {phase::poll, 425, 425, row_condition::always, retry},
    {phase::poll, 429, 429, row_condition::always, retry},
    {phase::poll, 400, 499, row_condition::always, retry_service},
    {phase::poll, 500, 500, row_condition::fresh,  not_yet},
    {phase::poll, 500, 599, row_condition::always, retry_host},
    {phase::poll,   0,   0, row_condition::always, fail(reply_not_understood)},
};

/// As above, for requests without a usable reply.
constexpr transport_row by_transport[] = {
    {phase::token,  transport_problem::cancelled,       any_amount, retry},
    {phase::token,  transport_problem::reply_too_large, any_amount, retry},
    {phase::token,  any_problem,                        any_amount, retry_host},

    // Only a request that was wholly sent can have been acted on. A reply too large to read came from somebody who did.
    // Whose fault it is that nobody answers, the host's or the service's, shows in what becomes of others.
    {phase::submit, transport_problem::reply_too_large, sent::all,  unknown_held},
    {phase::submit, transport_problem::cancelled,       sent::all,  {action::unknown_outcome, unknown_outcome, false, false, false}},
    {phase::submit, transport_problem::cancelled,       any_amount, retry},
    {phase::submit, any_problem,                        sent::all,  unknown_both},
    {phase::submit, any_problem,                        any_amount, retry_host},

    {phase::poll,   transport_problem::cancelled,       any_amount, retry},
    {phase::poll,   transport_problem::reply_too_large, any_amount, fail(reply_not_understood)},
    {phase::poll,   any_problem,                        any_amount, retry_host},
};

// clang-format on

bool fits(const status_row& row, phase during, int status, reply_traits traits) {
    if (row.during != during) return false;
    if (row.last != 0 && (status < row.first || status > row.last)) return false;
    switch (row.when) {
    case row_condition::always:
        return true;
    case row_condition::fresh:
        return traits.fresh_task;
    case row_condition::wholly_sent:
        return traits.body_sent == sent::all;
    case row_condition::page:
        return traits.is_page;
    }
    return false;
}

bool fits(const transport_row& row, phase during, const transport_error& error) {
    return row.during == during && row.problem.value_or(error.problem) == error.problem &&
           row.amount.value_or(error.sent) == error.sent;
}

} // namespace

std::span<const status_row> status_rules() {
    return by_status;
}

std::span<const transport_row> transport_rules() {
    return by_transport;
}

ruling rule_for_status(phase during, int http_status, reply_traits traits) {
    const auto* row = std::find_if(std::begin(by_status), std::end(by_status),
                                   [&](const status_row& r) { return fits(r, during, http_status, traits); });
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
