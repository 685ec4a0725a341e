// The patient half of a case's life: sleep, ask, until the task has an outcome.
#include "async/signal.hpp"
#include "case_run.hpp"

#include <algorithm>

namespace kyc {

namespace {

/// A task is asked for so often at least before its deadline counts: kycd itself may have been stopped for longer than
/// that.
constexpr std::size_t polls_before_deadline = 3;

/// Replies in a row that nobody can read before the case is given up.
constexpr int unreadable_replies_allowed = 3;

std::chrono::milliseconds since(utc_time then) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - then);
}

failure poll_failure(failure_code code, const progeny::api_reply& reply, std::string message) {
    failure end(stage::poll, code, std::move(message));
    end.http_status = reply.http_status;
    if (!reply.body.empty()) end.api = reply.body;
    return end;
}

} // namespace

async::awaitable<result<std::optional<answered_case>, failure>> poll_case(case_run& run) {
    auto& world = run.world;
    auto& record = run.record();
    const auto& plan = run.config->poll;
    auto& usual = world.usual_answers[run.target->name];
    std::size_t polls_of_task = 0;
    int unreadable = 0;
    std::chrono::milliseconds told_to_wait{0};
    std::chrono::milliseconds held_up{0}; ///< by an API that was down: not the task's fault
    for (;;) {
        auto delay = poll_delay(plan, polls_of_task, usual.usual(), world.random());
        // After a restart the first poll is planned from the receipt, not from now.
        if (polls_of_task == 0)
            delay = std::clamp(delay - since(record.submitted_at), std::chrono::milliseconds(0), delay);
        co_await async::sleep_for(std::max(delay, told_to_wait));
        const auto asked = std::chrono::steady_clock::now();
        auto leave = co_await world.api.admit(nullptr);
        auto slot = co_await world.polls.acquire();
        while (!leave.probe() && !world.api.admits(nullptr)) {
            slot.release();
            leave = co_await world.api.admit(nullptr);
            slot = co_await world.polls.acquire();
        }
        held_up += std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - asked);
        const auto reply = co_await world.api.poll(record.task_id, since(record.submitted_at), std::move(leave));
        slot.release();
        ++polls_of_task;
        ++record.polls;
        told_to_wait = reply.retry_after.value_or(std::chrono::milliseconds(0));

        std::string still = reply.what;
        if (reply.ruling.action == action::fail)
            co_return poll_failure(reply.ruling.code.value_or(failure_code::reply_not_understood), reply, reply.what);
        if (reply.ruling.action == action::accept) {
            auto reading = read_task_reply(*run.target, reply.body);
            unreadable = reading.state == task_state::not_understood ? unreadable + 1 : 0;
            switch (reading.state) {
            case task_state::answered:
                usual.add(since(record.submitted_at));
                co_return std::optional<answered_case>(std::in_place, std::move(*reading.answer), reply.body,
                                                       std::chrono::system_clock::now());
            case task_state::rejected:
                co_return poll_failure(failure_code::task_rejected, reply, reading.detail);
            case task_state::revoked:
                co_return poll_failure(failure_code::task_failed, reply, reading.detail);
            case task_state::failed:
                if (record.failed_tasks >= run.config->resubmit_failed_tasks)
                    co_return poll_failure(failure_code::task_failed, reply, reading.detail);
                log::warning("the task failed, submitting the case again: " + reading.detail, run.about());
                ++record.failed_tasks;
                record.task_id.clear();
                co_await put_record(run);
                co_return std::optional<answered_case>();
            case task_state::not_understood:
                if (unreadable >= unreadable_replies_allowed)
                    co_return poll_failure(failure_code::reply_not_understood, reply, reading.detail);
                still = reading.detail;
                break;
            case task_state::waiting:
                still = reading.word.empty() ? "no state given" : "state " + reading.word;
                break;
            }
        }
        log::debug("not answered yet: " + still, run.about());
        if (polls_of_task >= polls_before_deadline && since(record.submitted_at) - held_up >= plan.deadline)
            co_return poll_failure(failure_code::task_deadline, reply,
                                   "no outcome within poll.deadline after the receipt (last: " + still + ")");
    }
}

} // namespace kyc
