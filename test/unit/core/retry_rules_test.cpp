#include "core/retry_rules.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace kyc;

namespace {

struct expectation {
    phase during;
    int first, last;
    bool fresh;
    sent body;
    kyc::action action;
    std::optional<failure_code> code;
    bool host, service;
};

using code = failure_code;

// clang-format off
const std::vector<expectation> table{
    // design section 8, sentence by sentence
    {phase::submit, 200, 202, false, sent::all,  action::accept, {}, false, false},
    {phase::submit, 203, 299, false, sent::all,  action::fail, code::reply_not_understood, false, false},
    {phase::submit, 100, 199, false, sent::all,  action::fail, code::reply_not_understood, false, false},
    {phase::submit, 600, 999, false, sent::all,  action::fail, code::reply_not_understood, false, false},
    {phase::submit, -5, 99,   false, sent::all,  action::fail, code::reply_not_understood, false, false},
    {phase::submit, 300, 399, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 400, 400, false, sent::all,  action::fail, code::rejected, false, false},
    {phase::submit, 401, 401, false, sent::all,  action::renew_token, {}, false, false},
    {phase::submit, 402, 402, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 403, 403, false, sent::all,  action::fail, code::forbidden, false, true},
    {phase::submit, 404, 404, false, sent::all,  action::fail, code::not_found, false, true},
    {phase::submit, 405, 407, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 408, 408, false, sent::all,  action::retry, {}, false, false},
    {phase::submit, 409, 412, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 413, 413, false, sent::part, action::fail, code::too_large_for_api, false, true},
    {phase::submit, 413, 413, false, sent::all,  action::fail, code::too_large_for_api, false, true},
    {phase::submit, 414, 424, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 425, 425, false, sent::all,  action::retry, {}, false, false},
    {phase::submit, 429, 429, false, sent::all,  action::retry, {}, false, false},
    {phase::submit, 430, 499, false, sent::all,  action::fail, code::api_refused, false, true},
    {phase::submit, 500, 502, false, sent::all,  action::unknown_outcome, code::unknown_outcome, true, true},
    {phase::submit, 503, 503, false, sent::all,  action::retry, {}, true, false},
    {phase::submit, 504, 599, false, sent::all,  action::unknown_outcome, code::unknown_outcome, true, true},
    {phase::submit, 500, 599, false, sent::part, action::retry, {}, true, false},
    {phase::submit, 500, 599, false, sent::nothing, action::retry, {}, true, false},
    {phase::submit, 500, 502, true,  sent::all,  action::unknown_outcome, code::unknown_outcome, true, true},

    {phase::poll, 200, 202, false, sent::all, action::accept, {}, false, false},
    {phase::poll, 204, 205, false, sent::all, action::not_yet, {}, false, false},
    {phase::poll, 206, 299, false, sent::all, action::fail, code::reply_not_understood, false, false},
    {phase::poll, 300, 399, false, sent::all, action::retry, {}, false, true},
    {phase::poll, 400, 400, true,  sent::all, action::fail, code::task_rejected, false, false},
    {phase::poll, 401, 401, false, sent::all, action::renew_token, {}, false, false},
    {phase::poll, 402, 403, false, sent::all, action::retry, {}, false, true},
    {phase::poll, 404, 404, true,  sent::all, action::not_yet, {}, false, false},
    {phase::poll, 404, 404, false, sent::all, action::fail, code::task_lost, false, false},
    {phase::poll, 405, 407, false, sent::all, action::retry, {}, false, true},
    {phase::poll, 408, 408, false, sent::all, action::retry, {}, false, false},
    {phase::poll, 411, 424, false, sent::all, action::retry, {}, false, true},
    {phase::poll, 425, 425, false, sent::all, action::retry, {}, false, false},
    {phase::poll, 429, 429, false, sent::all, action::retry, {}, false, false},
    {phase::poll, 500, 500, true,  sent::all, action::not_yet, {}, false, false},
    {phase::poll, 500, 500, false, sent::all, action::retry, {}, true, false},
    {phase::poll, 501, 599, true,  sent::all, action::retry, {}, true, false},
    {phase::poll, 501, 599, false, sent::all, action::retry, {}, true, false},
    {phase::poll, 600, 700, false, sent::all, action::fail, code::reply_not_understood, false, false},

    {phase::token, 200, 202, false, sent::all, action::accept, {}, false, false},
    {phase::token, 203, 399, false, sent::all, action::retry, {}, false, false},
    {phase::token, 400, 401, false, sent::all, action::pause, {}, false, false},
    {phase::token, 403, 403, false, sent::all, action::pause, {}, false, false},
    {phase::token, 404, 499, false, sent::all, action::retry, {}, false, false},
    {phase::token, 500, 599, false, sent::all, action::retry, {}, true, false},
};

struct broken {
    phase during;
    transport_problem problem;
    sent amount;
    kyc::action action;
    std::optional<failure_code> code;
    bool host, hold;
};

const std::vector<broken> transport_table{
    {phase::submit, transport_problem::resolve, sent::nothing, action::retry, {}, true, false},
    {phase::submit, transport_problem::connect, sent::nothing, action::retry, {}, true, false},
    {phase::submit, transport_problem::proxy,   sent::nothing, action::retry, {}, true, false},
    {phase::submit, transport_problem::tls,     sent::nothing, action::retry, {}, true, false},
    {phase::submit, transport_problem::tls,     sent::part,    action::retry, {}, true, false},
    {phase::submit, transport_problem::tls,     sent::all,     action::unknown_outcome, code::unknown_outcome, true, false},
    {phase::submit, transport_problem::timeout, sent::nothing, action::retry, {}, true, false},
    {phase::submit, transport_problem::timeout, sent::part,    action::retry, {}, true, false},
    {phase::submit, transport_problem::timeout, sent::all,     action::unknown_outcome, code::unknown_outcome, true, false},
    {phase::submit, transport_problem::reset,   sent::part,    action::retry, {}, true, false},
    {phase::submit, transport_problem::reset,   sent::all,     action::unknown_outcome, code::unknown_outcome, true, false},
    {phase::submit, transport_problem::bad_reply, sent::all,   action::unknown_outcome, code::unknown_outcome, true, false},
    {phase::submit, transport_problem::reply_too_large, sent::all, action::unknown_outcome, code::unknown_outcome, false, true},
    {phase::submit, transport_problem::cancelled, sent::nothing, action::retry, {}, false, false},
    {phase::submit, transport_problem::cancelled, sent::all,   action::unknown_outcome, code::unknown_outcome, false, false},
    {phase::poll, transport_problem::timeout,   sent::all,     action::retry, {}, true, false},
    {phase::poll, transport_problem::reset,     sent::all,     action::retry, {}, true, false},
    {phase::poll, transport_problem::bad_reply, sent::all,     action::retry, {}, true, false},
    {phase::poll, transport_problem::cancelled, sent::all,     action::retry, {}, false, false},
    {phase::poll, transport_problem::reply_too_large, sent::all, action::fail, code::reply_not_understood, false, false},
    {phase::token, transport_problem::reset,    sent::all,     action::retry, {}, true, false},
    {phase::token, transport_problem::connect,  sent::nothing, action::retry, {}, true, false},
};
// clang-format on

} // namespace

BOOST_AUTO_TEST_SUITE(retry_rules)

BOOST_AUTO_TEST_CASE(every_status_of_the_table_has_the_ruling_of_the_design) {
    for (const auto& row : table) {
        for (int status = row.first; status <= row.last; ++status) {
            BOOST_TEST_CONTEXT("phase " << static_cast<int>(row.during) << " status " << status << " fresh "
                                        << row.fresh) {
                // 503 and the statuses with rows of their own are covered by those when a range spans them.
                if (row.during == phase::submit && row.last >= 500 && row.first < 503 && status == 503) continue;
                const auto got = rule_for_status(row.during, status, {row.fresh, row.body});
                BOOST_TEST((got.action == row.action));
                BOOST_TEST((got.code == row.code));
                BOOST_TEST(got.host_trouble == row.host);
                BOOST_TEST(got.service_trouble == row.service);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_submit_that_may_have_been_taken_never_reads_as_a_plain_retry) {
    for (int status = 0; status < 700; ++status) {
        const auto got = rule_for_status(phase::submit, status);
        const bool certain = status == 408 || status == 425 || status == 429 || status == 503;
        BOOST_TEST_CONTEXT(status) {
            BOOST_TEST((got.action == action::retry) == certain);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_failure_has_a_code_and_nothing_else_has_one_but_the_unknown_outcome) {
    for (const auto during : {phase::token, phase::submit, phase::poll}) {
        for (int status = -1; status < 1000; ++status) {
            const auto got = rule_for_status(during, status);
            const bool wants = got.action == action::fail || got.action == action::unknown_outcome;
            BOOST_TEST_CONTEXT(status) {
                BOOST_TEST(got.code.has_value() == wants);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_poll_loses_a_paid_task_only_to_a_clear_word_about_the_task) {
    for (int status = 300; status < 600; ++status) {
        const auto got = rule_for_status(phase::poll, status);
        const bool clear = status == 400 || status == 404 || status == 410;
        BOOST_TEST_CONTEXT(status) {
            BOOST_TEST((got.action == action::fail) == clear);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_page_says_nothing_about_a_case_or_a_task) {
    reply_traits page;
    page.is_page = true;
    const auto refused = rule_for_status(phase::submit, 400, page);
    BOOST_TEST((refused.action == action::fail && refused.code == code::reply_not_understood));
    BOOST_TEST(refused.service_trouble);
    for (const int status : {400, 404, 410}) {
        BOOST_TEST_CONTEXT(status) {
            const auto asked = rule_for_status(phase::poll, status, page);
            BOOST_TEST((asked.action == action::retry && asked.service_trouble));
        }
    }
    page.fresh_task = true;
    BOOST_TEST((rule_for_status(phase::poll, 404, page).action == action::not_yet));
    for (const int status : {401, 403, 413, 429, 503})
        BOOST_TEST(
            (rule_for_status(phase::submit, status, page).action == rule_for_status(phase::submit, status).action));
}

BOOST_AUTO_TEST_CASE(a_broken_request_is_judged_by_how_much_of_it_was_sent) {
    for (const auto& row : transport_table) {
        BOOST_TEST_CONTEXT("phase " << static_cast<int>(row.during) << ' ' << to_string(row.problem) << " sent "
                                    << static_cast<int>(row.amount)) {
            const auto got = rule_for_transport(row.during, transport_error(row.problem, row.amount, ""));
            BOOST_TEST((got.action == row.action));
            BOOST_TEST((got.code == row.code));
            BOOST_TEST(got.host_trouble == row.host);
            // Nobody answered who may have been there: the host or the service.
            const bool silent = row.during == phase::submit && row.amount == sent::all;
            BOOST_TEST(got.service_trouble == (row.host && silent));
            BOOST_TEST(got.hold == row.hold);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_acceptance_without_an_id_is_held) {
    BOOST_TEST((no_receipt().action == action::unknown_outcome));
    BOOST_TEST(no_receipt().hold);
    BOOST_TEST(!no_receipt().host_trouble);
}

BOOST_AUTO_TEST_CASE(every_problem_has_words_of_its_own) {
    std::vector<std::string> seen;
    for (int i = 0; i <= static_cast<int>(transport_problem::cancelled); ++i) {
        seen.emplace_back(to_string(static_cast<transport_problem>(i)));
        BOOST_TEST(!seen.back().empty());
        BOOST_TEST(std::count(seen.begin(), seen.end(), seen.back()) == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
