// The patient half of a case's life: sleep, ask, until the task has an outcome.
#include "async/signal.hpp"
#include "case_run.hpp"
#include "core/fault_point.hpp"
#include "crash_blame.hpp"

#include <algorithm>
#include <cmath>

namespace kyc {

namespace {

/// A task is asked for so often, and over so long, by this process before its deadline counts: kycd may have been
/// stopped for longer than that, and the machine's clock may have been set meanwhile.
constexpr std::size_t polls_before_deadline = 3;
constexpr std::chrono::minutes asked_before_deadline{1};

/// Replies in a row that nobody can read before the case is given up.
constexpr int unreadable_replies_allowed = 3;

/// How old a task is. Only the time before this process comes from the machine's clock, which may be set while tasks
/// are waited for.
class task_age {
  public:
    explicit task_age(utc_time submitted_at)
        : before_(
              std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now() - submitted_at)) {
        before_ = std::max(before_, std::chrono::milliseconds(0));
    }

    [[nodiscard]] std::chrono::milliseconds now() const { return before_ + watched(); }

    /// Of that, what this process has seen.
    [[nodiscard]] std::chrono::milliseconds watched() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_);
    }

  private:
    std::chrono::milliseconds before_;
    std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

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
    const crash_blame working_on(run.start.which.key);
    return read_task_reply(*run.target, body);
}

/// The server said when to come again: not before, and not all tasks at once.
std::chrono::milliseconds not_before(std::chrono::milliseconds told, const poll_settings& rules, double random) {
    const auto later = std::clamp(rules.jitter, 0.0, 1.0) * random * static_cast<double>(told.count());
    return std::max(told + std::chrono::milliseconds(std::llround(later)), rules.min);
}

/// For `show`: what this poll brought.
void remember_poll(case_run& run, const progeny::api_reply& reply, const std::string& word) {
    std::string detail = reply.http_status ? "HTTP " + std::to_string(*reply.http_status) : "no reply";
    if (!word.empty()) detail += ", " + word;
    run.remember("polled", std::move(detail));
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
    task_polls polls(world.poll_learners[run.target->name]);
    progeny::poll_question question;
    question.task_id = record.task_id();
    int unreadable = 0;
    const task_age age(record.submitted_at());
    std::optional<std::chrono::milliseconds> told_to_wait; ///< by the server
    std::chrono::milliseconds held_up{0};                  ///< by an API that was down: not the task's fault
    for (;;) {
        const auto planned = polls.wait(plan, age.now(), std::chrono::steady_clock::now(), world.random);
        co_await async::sleep_for(told_to_wait ? not_before(*told_to_wait, plan, world.random()) : planned);
        const auto asked = std::chrono::steady_clock::now();
        progeny::admission leave;
        async::permit slot;
        for (bool its_turn = false; !its_turn;) {
            slot.release();
            leave = co_await world.api.admit(nullptr, question.repeat);
            slot = co_await world.polls.acquire();
            its_turn = co_await world.api.turn(nullptr, question.repeat, leave);
        }
        held_up += std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - asked);
        // After a restart a task counts as fresh once more: a clock that was set must not make a paid task a lost one.
        question.age = age.watched();
        const auto sent_at = age.now();
        const auto reply = co_await world.api.poll(question, std::move(leave));
        fault_point("poll.replied", record.key.name);
        slot.release();
        question.repeat = reply.ruling.action == action::retry;
        ++record.polls;
        told_to_wait = reply.retry_after;

        std::string still = reply.what;
        if (reply.ruling.action != action::accept) {
            remember_poll(run, reply, reply.what);
            polls.asked_in_vain();
        }
        if (reply.ruling.action == action::fail)
            co_return poll_failure(reply.ruling.code.value_or(failure_code::reply_not_understood), reply, reply.what);
        if (reply.ruling.action == action::accept) {
            auto reading = read_reply(run, reply.body);
            unreadable = reading.state == task_state::not_understood ? unreadable + 1 : 0;
            remember_poll(run, reply, reading.word);
            if (reading.state == task_state::not_understood) {
                polls.asked_in_vain();
            } else {
                // The API looked between the two times: each is certain for one of the findings.
                const bool waiting = reading.state == task_state::waiting;
                polls.asked(!waiting, waiting ? sent_at : age.now(), age.watched());
            }
            switch (reading.state) {
            case task_state::answered:
                co_return std::optional<answered_case>(std::in_place, std::move(*reading.answer), reply.body,
                                                       facts_of_task(record));
            case task_state::rejected:
                co_return poll_failure(failure_code::task_rejected, reply, reading.detail);
            case task_state::revoked:
                co_return poll_failure(failure_code::task_failed, reply, reading.detail);
            case task_state::failed:
                if (record.failed_tasks >= run.config->resubmit_failed_tasks)
                    co_return poll_failure(failure_code::task_failed, reply, reading.detail);
                log::warning("the task failed, submitting the case again: " + reading.detail, run.about());
                ++record.failed_tasks;
                record.last->outcome = ledger::attempt_outcome::task_failed;
                record.last->what = "the task ended FAILURE: " + reading.detail;
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
        const bool asked_enough =
            polls.done() >= polls_before_deadline &&
            age.watched() - held_up >= std::min<std::chrono::milliseconds>(plan.deadline, asked_before_deadline);
        if (asked_enough && age.now() - held_up >= plan.deadline)
            co_return poll_failure(failure_code::task_deadline, reply,
                                   "no outcome within poll.deadline after the receipt (last: " + still + ")");
    }
}

} // namespace kyc
