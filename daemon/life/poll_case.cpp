// The patient half of a case's life: when its task is asked for, and what the reply means.
#include "core/fault_point.hpp"
#include "life/case_run.hpp"
#include "log/crash_blame.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace kyc {

namespace {

/// A task is asked for so often, and over so long, by this process before its deadline counts: kycd may have been
/// stopped for longer than that, and the machine's clock may have been set meanwhile.
constexpr std::size_t polls_before_deadline = 3;
constexpr std::chrono::minutes asked_before_deadline{1};

/// Polls that bring the same are noted together, so often.
constexpr std::chrono::minutes noted_again_after{2};

/// Replies in a row that nobody can read before the case is given up.
constexpr int unreadable_replies_allowed = 3;

task_facts facts_of_task(const ledger::case_record& record) {
    task_facts task;
    task.id = record.task_id();
    task.submitted_at = record.submitted_at();
    task.answered_at = std::chrono::system_clock::now();
    task.attempts = record.attempts;
    task.polls = record.polls;
    return task;
}

task_reading read_reply(const case_run& run, const std::string& body) {
    const crash_blame working_on(run.start.record);
    auto reading = read_task_reply(*run.target, body);
    fault_point("answer.read", run.key().name);
    return reading;
}

/// The server said when to come again: not before, and not all tasks at once.
std::chrono::milliseconds not_before(std::chrono::milliseconds told, const poll_settings& rules, double random) {
    const auto later = std::clamp(rules.jitter, 0.0, 1.0) * random * static_cast<double>(told.count());
    return std::max(told + std::chrono::milliseconds(std::llround(later)), rules.min);
}

/// Up to a hundredth later, so that long waits end together: a few dozen polls at a time cost half of what they cost
/// one by one, each with a processor that has slept meanwhile.
std::chrono::steady_clock::time_point in_company(std::chrono::steady_clock::time_point due,
                                                 std::chrono::milliseconds wait) {
    const auto share = wait.count() / 100;
    if (share <= 0) return due;
    const std::chrono::milliseconds grain(std::bit_floor(static_cast<std::uint64_t>(share)));
    const auto since = due.time_since_epoch();
    return std::chrono::steady_clock::time_point(since + (grain - since % grain) % grain);
}

void note_polls(case_run& run, std::uint32_t times) {
    auto& task = *run.task;
    run.remember("polled", task.heard, times);
    task.heard_again = 0;
    task.noted = std::chrono::steady_clock::now();
}

/// Before something else is heard, or the case leaves its task.
void note_last_polls(case_run& run) {
    if (run.task->heard_again > 0) note_polls(run, run.task->heard_again);
}

/// For `show`: what this poll brought. A row in the ledger for each would cost as much as the poll.
void remember_poll(case_run& run, const progeny::api_reply& reply, const std::string& word) {
    auto& task = *run.task;
    std::string detail = reply.http_status ? "HTTP " + std::to_string(*reply.http_status) : "no reply";
    if (!word.empty()) detail += ", " + word;
    if (detail == task.heard) {
        ++task.heard_again;
        if (std::chrono::steady_clock::now() - task.noted >= noted_again_after) note_polls(run, task.heard_again);
        return;
    }
    note_last_polls(run);
    task.heard = std::move(detail);
    note_polls(run, 1);
}

/// What the question came to, for the metrics. `state`: what the reply says of the task, where there is one.
poll_outcome outcome_of(action what, std::optional<task_state> state) {
    if (what == action::fail) return poll_outcome::refused;
    if (what == action::not_yet) return poll_outcome::waiting;
    if (!state) return poll_outcome::retried;
    switch (*state) {
    case task_state::answered:
        return poll_outcome::answered;
    case task_state::rejected:
        return poll_outcome::rejected;
    case task_state::revoked:
        return poll_outcome::revoked;
    case task_state::failed:
        return poll_outcome::task_failed;
    case task_state::not_understood:
        return poll_outcome::not_understood;
    case task_state::waiting:
        return poll_outcome::waiting;
    }
    return poll_outcome::retried;
}

failure poll_failure(case_run& run, failure_code code, const progeny::api_reply& reply, std::string message) {
    note_last_polls(run);
    failure end(stage::poll, code, std::move(message));
    end.http_status = reply.http_status;
    if (!reply.body.empty()) end.api = reply.body;
    return end;
}

} // namespace

void plan_poll(case_run& run) {
    auto& world = run.world;
    const auto& rules = run.config->poll;
    if (!run.task) run.task.emplace(run.record().submitted_at(), world.poll_learners[run.target->name]);
    auto& task = *run.task;
    const auto now = std::chrono::steady_clock::now();
    const auto planned = task.polls.wait(rules, task.age.now(), now, world.random);
    const auto wait = task.told_to_wait ? not_before(*task.told_to_wait, rules, world.random()) : planned;
    task.due = in_company(now + wait, wait);
}

async::awaitable<result<std::optional<answered_case>, failure>> poll_case(case_run& run, poll_leave leave) {
    auto& world = run.world;
    auto& record = run.record();
    auto& task = *run.task;
    const auto held_up = std::chrono::steady_clock::now() - task.due;
    task.held_up += std::chrono::duration_cast<std::chrono::milliseconds>(held_up);
    progeny::poll_question question;
    question.task_id = record.task_id();
    // After a restart a task counts as fresh once more: a clock that was set must not make a paid task a lost one.
    question.age = task.age.watched();
    question.repeat = task.repeat;
    const auto sent_at = task.age.now();
    const auto reply = co_await world.api.poll(std::move(question), std::move(leave.call));
    fault_point("poll.replied", record.key.name);
    leave.slot.release();
    task.repeat = reply.ruling.action == action::retry;
    ++record.polls;
    task.told_to_wait = reply.retry_after;

    std::string still = reply.what;
    if (reply.ruling.action != action::accept) {
        remember_poll(run, reply, reply.what);
        task.polls.asked_in_vain();
        world.day.metrics.polled(run.service_told(), run.key().lane, outcome_of(reply.ruling.action, std::nullopt));
    }
    if (reply.ruling.action == action::fail)
        co_return poll_failure(run, reply.ruling.code.value_or(failure_code::reply_not_understood), reply, reply.what);
    if (reply.ruling.action == action::accept) {
        auto reading = read_reply(run, reply.body);
        world.day.metrics.polled(run.service_told(), run.key().lane, outcome_of(reply.ruling.action, reading.state));
        if (reading.state == task_state::not_understood) {
            ++task.unreadable;
        } else {
            task.unreadable = 0;
        }
        remember_poll(run, reply, reading.word);
        if (reading.state == task_state::not_understood) {
            task.polls.asked_in_vain();
        } else {
            // The API looked between the two times: each is certain for one of the findings.
            const bool waiting = reading.state == task_state::waiting;
            task.polls.asked(!waiting, waiting ? sent_at : task.age.now(), task.age.watched());
        }
        switch (reading.state) {
        case task_state::answered:
            note_last_polls(run);
            world.day.metrics.answered(run.service_told(), std::chrono::system_clock::now() - record.submitted_at());
            co_return std::optional<answered_case>(std::in_place, std::move(*reading.answer), reply.body,
                                                   facts_of_task(record));
        case task_state::rejected:
            co_return poll_failure(run, failure_code::task_rejected, reply, reading.detail);
        case task_state::revoked:
            co_return poll_failure(run, failure_code::task_failed, reply, reading.detail);
        case task_state::failed:
            if (record.failed_tasks >= run.config->resubmit_failed_tasks)
                co_return poll_failure(run, failure_code::task_failed, reply, reading.detail);
            world.troubles.met("a task of " + run.target->name + " failed, submitting the case again",
                               "the task failed, submitting the case again: " + reading.detail, run.about());
            run.task.reset();
            run.start.in_hand.enters(case_phase::claimed, record.taken_at);
            ++record.failed_tasks;
            record.last->outcome = ledger::attempt_outcome::task_failed;
            record.last->what = "the task ended FAILURE: " + reading.detail;
            co_await put_record(run);
            co_return std::optional<answered_case>();
        case task_state::not_understood:
            if (task.unreadable >= unreadable_replies_allowed)
                co_return poll_failure(run, failure_code::reply_not_understood, reply, reading.detail);
            still = reading.detail;
            break;
        case task_state::waiting:
            still = reading.word.empty() ? "no state given" : "state " + reading.word;
            break;
        }
    }
    log::debug("not answered yet: " + still, run.about());
    const auto& deadline = run.config->poll.deadline;
    const bool asked_enough =
        task.polls.done() >= polls_before_deadline &&
        task.age.watched() - task.held_up >= std::min<std::chrono::milliseconds>(deadline, asked_before_deadline);
    if (asked_enough && task.age.now() - task.held_up >= deadline) {
        co_return poll_failure(run, failure_code::task_deadline, reply,
                               "no outcome within poll.deadline after the receipt (last: " + still + ")");
    }
    co_return std::optional<answered_case>();
}

} // namespace kyc
