// One case of a ticket: how it is begun, or why it is not.
#include "async/shield.hpp"
#include "core/advice_again.hpp"
#include "life/keep_trying.hpp"
#include "life/process_case.hpp"
#include "life/standing_sight.hpp"
#include "log/crash_blame.hpp"
#include "log/log.hpp"
#include "reverify/bulk_lane.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace kyc::reverify {

async::awaitable<void> bulk_lane::run_case(std::unique_ptr<bulk_case> again, ledger::case_record record,
                                           async::permit unanswered) {
    async::permit before_receipt;
    try {
        co_await begin_case(again, record, unanswered);
        // Behind the look at its folder: what may take long there takes no place from others.
        if (again && record.task_id().empty())
            before_receipt = co_await world_.before_receipt.acquire(1, async::urgency::behind);
    } catch (const boost::system::system_error& error) {
        if (again && error.code() == boost::asio::error::operation_aborted) given_back(*again, record);
        throw;
    }
    if (!again) co_return;
    // What was cancelled while it could not be interrupted would end at the next co_await, which nobody hears of.
    const auto state = co_await boost::asio::this_coro::cancellation_state;
    if (state.cancelled() != boost::asio::cancellation_type::none) {
        given_back(*again, record);
        co_return;
    }
    case_start start(fs::claimed_case{record.key, again->folder, again->flat});
    start.record = std::move(record);
    start.recovered = !start.record.task_id().empty();
    start.in_hand = in_hand_mark(world_, start.record.key, std::nullopt);
    if (start.recovered) start.in_hand.enters(case_phase::pending, start.record.submitted_at());
    start.before_receipt = std::move(before_receipt);
    start.unanswered = std::move(unanswered);
    start.again = std::move(again);
    co_await process_case(world_, std::move(start));
}

/// Looks whether the case can be sent at all. `again` is taken away when it ended here.
async::awaitable<void> bulk_lane::begin_case(std::unique_ptr<bulk_case>& again, ledger::case_record& record,
                                             async::permit& unanswered) {
    if (!unanswered) unanswered = co_await world_.unanswered.acquire(1, async::urgency::behind);
    const auto key = record.key;
    const auto crashed = crash_objection(world_.crashes, record);
    const bool paid = record.has_task();
    // What was paid for is asked for, whatever stands in the way of a new submit.
    std::string objection = paid ? std::string() : objection_to_sending(*again, key);
    if (crashed && (!paid || is_untouchable(world_.crashes, key))) objection = crashed->message;
    if (crashed && paid && objection.empty()) {
        // Its folder is not looked into: that may be what breaks kycd. process_case() notes how it ended.
        again->folder = world_.layout.roots().outbox / key.folder / key.name;
        co_return;
    }
    if (objection.empty()) {
        const bool was_sent = record.last.has_value();
        auto look = [this, &again, &record, was_sent]() -> result<standing_sight> {
            const crash_blame working_on(record);
            return look_at(world_.layout, *again, was_sent);
        };
        auto seen = co_await keep_trying_on_pool(world_, look);
        objection = paid && !seen.folder.empty() ? std::string() : std::move(seen.objection);
        again->folder = std::move(seen.folder);
        again->flat = seen.flat;
        again->sent = std::move(seen.sent);
        if (!record.last) record.duplicate_of = std::move(seen.duplicate_of);
        record.flat = seen.flat;
    }
    if (objection.empty()) {
        if (!paid)
            owners_.insert_or_assign(key, again->ticket); // another's that was given back meanwhile comes too late
        co_return;
    }
    if (crashed && record.last) again->row.code = to_string(crashed->code);
    if (objection == has_left) objection = words_of_leaving(record, {});
    co_await async::begin_shield();
    co_await skip(*again, record, std::move(objection));
    again.reset();
}

/// Why the case is not submitted, as far as that can be told without a look at it; empty: it may be.
std::string bulk_lane::objection_to_sending(const bulk_case& which, const case_key& key) const {
    if (world_.config->services.find(key.folder) == nullptr)
        return "there is no service called " + key.folder + " any more";
    if (is_anothers(key, which.ticket) || world_.in_hand.contains(key))
        return "another ticket is verifying it just now";
    return {};
}

async::awaitable<void> bulk_lane::skip(bulk_case& again, ledger::case_record& record, std::string why) {
    auto& row = again.row;
    row.end = record.last ? ticket_case_end::failed : ticket_case_end::skipped;
    row.why = std::move(why);
    row.ended_at = std::chrono::system_clock::now();
    row.calls = again.calls;
    std::optional<ledger::closed_case> closed;
    if (record.last) {
        ledger::case_end end;
        end.at = *row.ended_at;
        if (!row.code.empty()) {
            end.state = ledger::case_state::failed;
            end.word = row.code;
            end.message = row.why;
        }
        closed = ledger::closed_case{record, end};
        if (row.code.empty()) row.code = row.why.starts_with(has_left) ? left_outbox : not_repeated;
    }
    auto step = [this, &again, &closed]() {
        return world_.ledger.tickets().end_ticket_case(again.ticket, again.row, closed);
    };
    co_await keep_trying(world_, step);
    log::fields about{{"service", row.service}, {"case", row.folder + "/" + row.place}, {"lane", "bulk"}};
    if (record.has_task()) {
        about.emplace_back("task", record.task_id());
        log::warning("the answer to a call that is paid for is not taken: " + row.why, about);
    } else {
        log::info("not sent again: " + row.why, about);
        if (!record.last) ticket_of(again).rate.give_back();
    }
    ended(again);
}

} // namespace kyc::reverify
