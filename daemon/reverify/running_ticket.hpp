#pragma once
// A ticket that has been accepted and has not ended, as the lane keeps it.

#include "async/awaitable.hpp"
#include "async/rate_limit.hpp"
#include "async/task_group.hpp"
#include "core/fault.hpp"
#include "core/ticket.hpp"
#include "core/ticket_balance.hpp"
#include "ledger/records.hpp"
#include "ledger/tickets.hpp"
#include "log/log.hpp"
#include "reverify/step_patience.hpp"
#include "reverify/ticket_pace.hpp"
#include "reverify/ticket_queue.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kyc {
struct case_world;
}

namespace kyc::reverify {

/// Of each service's cases, read ahead: enough for a second.
inline constexpr std::size_t rows_kept = 200;

/// A case of a ticket that was sent and has not ended.
struct sent_case {
    std::uint32_t calls = 0; ///< paid ones, as far as is known
    bool has_task = false;   ///< whose answer is waited for
};

/// How far a ticket is, as far as calls and answers move it.
struct report_progress {
    std::uint64_t ended = 0;
    std::uint64_t calls = 0;
    std::uint64_t awaited = 0; ///< tasks that have no answer yet

    bool operator==(const report_progress&) const = default;
};

/// Loop's thread only. Cases of it may be in hand for as long as `in_hand` says; it must outlive them.
struct running_ticket {
    ledger::ticket_record about;
    ticket asked;
    time_window window;
    ticket_balance balance;
    std::uint64_t calls = 0;       ///< paid ones, as far as is known, those in hand included
    ticket_queue queue{rows_kept}; ///< read ahead: what is begun next
    std::uint64_t read_to = 0;     ///< cases up to this number are in `queue`, in hand, or have ended
    bool all_read = false;
    std::map<case_key, ledger::case_record> known; ///< of cases that are not in hand and were sent before
    std::map<std::uint64_t, sent_case> sent;       ///< by number
    std::set<std::uint64_t>
        resumed; ///< numbers of cases that went on by themselves at the start: not begun from `queue`
    std::size_t in_hand = 0;
    std::map<std::string, std::size_t> held_back; ///< by service: cases in hand that the API does not take now
    std::uint64_t canaries_left = 0;              ///< that have not ended
    std::uint64_t canaries_seen = 0;              ///< that were answered or failed
    std::string canary_says; ///< why the first one, by number, that did not end as expected did not; empty: all did
    std::uint64_t canary_number = 0; ///< of that one
    std::string canary_outcome;      ///< the same without the case's name
    std::string ending;              ///< why it ends before all is done: nothing new is begun. Empty: it does not
    int looks_without_file = 0;      ///< in a row, in which its file was not in the inbox
    bool file_lets_run = false;      ///< at the last look its file was there and asked for nothing else; not looked at
                                     ///< yet, or gone: nothing is begun
    bool was_open = false;           ///< its window, when it was last looked at
    ticket_pace pace{ticket_pace::clock::now()};
    bool report_wanted = false; ///< as it stands now; at its end one is written anyway
    bool last_report_written = false;
    report_progress reported; ///< what the last report since the start tells
    std::chrono::steady_clock::time_point reported_at{};
    step_patience patience; ///< with its reports and, at its end, with its file
    async::rate_limit rate;
    async::task_group sending; ///< its cases that have no receipt yet

    running_ticket(ledger::ticket_record about_, const boost::asio::any_io_executor& loop,
                   async::task_group::on_exception handler)
        : about(std::move(about_)), rate(0), sending(loop, std::move(handler)) {}

    /// Whether a case of it may be begun. Not its rate.
    [[nodiscard]] bool may_begin(utc_time now) const { return may_call(now) && !over_budget(); }

    /// Whether calls may be made for it now.
    [[nodiscard]] bool may_call(utc_time now) const {
        return about.state == ledger::ticket_state::running && file_lets_run && ending.empty() && !canaries_object() &&
               window.is_open(now);
    }

    /// As many calls as it may make have been made.
    [[nodiscard]] bool over_budget() const { return asked.calls && calls >= *asked.calls; }

    /// What a report that is written now would tell.
    [[nodiscard]] report_progress progress_now() const {
        const auto waits = [](const auto& each) { return each.second.has_task; };
        return {balance.ended(), calls, static_cast<std::uint64_t>(std::count_if(sent.begin(), sent.end(), waits))};
    }

    /// A canary that has ended. In whatever order: a start, which reads them by number, comes to the same objection,
    /// and whoever has accepted it is not asked again.
    void note_canary(const ledger::ticket_case& row) {
        if (row.end == ticket_case_end::skipped) return;
        ++canaries_seen;
        if (!canary_says.empty() && canary_number < row.number) return;
        std::string outcome;
        if (row.end == ticket_case_end::failed) outcome = " failed: " + row.code;
        if (row.verdict_after != row.verdict_before && row.end == ticket_case_end::changed)
            outcome = ": " + row.verdict_before + " before, " + row.verdict_after + " now";
        if (outcome.empty()) return;
        canary_number = row.number;
        canary_says = "canary " + row.case_name + outcome;
        canary_outcome = "a canary" + outcome;
    }

    /// Whether its canaries have all ended, not as expected, and nobody has said that this is fine.
    [[nodiscard]] bool canaries_object() const {
        return canaries_left == 0 && !about.canaries_accepted && !canary_objection().empty();
    }

    /// Whether every case in hand waits for the API to take it, or for its next try.
    [[nodiscard]] bool all_in_hand_wait() const {
        std::size_t waiting = 0;
        for (const auto& [service, cases] : held_back)
            waiting += cases;
        return waiting == in_hand;
    }

    /// What is wrong with the canaries that have ended; empty: nothing.
    [[nodiscard]] std::string canary_objection() const {
        if (canary_says.empty() && !asked.canary.empty() && canaries_seen == 0)
            return "none of its canaries could be sent";
        return canary_says;
    }
};

/// For its log lines.
[[nodiscard]] log::fields about(const running_ticket& which);

/// A step of the ticket's own has failed: `which.patience` says so, in words that name no case.
void lose_patience(const case_world& world, running_ticket& which, const std::string& what, const fault& met);

/// Makes `which.about` durable, however long the disk takes to allow it; a new ticket gets its id.
[[nodiscard]] async::awaitable<void> put_on_record(case_world& world, running_ticket& which);

/// The rows of its cases behind number `after`, some hundred at most, in their order; `waiting`: only of those that
/// have not ended. Empty: there are no more.
[[nodiscard]] async::awaitable<std::vector<ledger::ticket_case>>
rows_behind(case_world& world, const running_ticket& which, std::uint64_t after, bool waiting);

} // namespace kyc::reverify
