// The paid half of a case's life: load, record the intent, upload, record the receipt.
#include "async/shield.hpp"
#include "async/signal.hpp"
#include "core/fault_point.hpp"
#include "life/case_run.hpp"
#include "life/prepare_case.hpp"
#include "life/standing_sight.hpp"
#include "life/twins.hpp"
#include "log/crash_blame.hpp"

#include <algorithm>

namespace kyc {

namespace {

/// The images, and the permit for the memory they take.
struct held_case {
    async::permit memory;
    loaded_case loaded;
    case_outline outline;

    held_case() = default;
};

/// The case's own end as a value, and the system's trouble as the fault that is waited out.
template<class T>
result<result<T, failure>> told_apart(const case_run& run, result<T, trouble> made) {
    if (made) return result<T, failure>(std::move(*made));
    const trouble why = made.error();
    if (const auto* end = std::get_if<failure>(&why)) return result<T, failure>(*end);
    return unless_vanished(run, std::get<fault>(why));
}

/// What a single file's bad place on a disk answers; other trouble has nothing to do with which file it is.
bool is_about_one_file(const fault& met) {
    return met.code == std::errc::io_error || met.code == std::errc::bad_message;
}

/// Reads on the pool until it works. What cannot be read again and again while other cases can be read lies on a bad
/// place of the disk: the case ends then, or it would be held for ever. A disk that gives nothing to anybody ends no
/// case.
template<class Work>
auto read_or_end(case_run& run, Work& work) -> async::awaitable<typename std::invoke_result_t<Work&>::value_type> {
    using outcome = std::invoke_result_t<Work&>;
    using ended = typename outcome::value_type;
    const auto read_before = run.world.cases_read;
    std::size_t tries = 0;
    auto step = [&run, &work, &tries, read_before]() -> async::awaitable<outcome> {
        auto call = [&work] { return work(); };
        auto done = co_await run.world.pool.run(call);
        if (done || !is_about_one_file(done.error()) || run.world.cases_read == read_before) co_return done;
        if (++tries < run.config->retry.attempts) co_return done;
        ended end(failure(stage::intake, failure_code::file_unreadable,
                          done.error().message() + " (" + std::to_string(tries) + " tries, while others got through)"));
        co_return outcome(std::move(end));
    };
    co_return co_await keep_trying(run.world, step);
}

/// The images that this case's must still be.
std::vector<file_facts> sent_before(case_run& run) {
    const auto& record = run.record();
    return run.start.again && !record.last ? run.start.again->sent : record.files();
}

async::awaitable<result<held_case, failure>> hold_case(case_run& run, async::urgency urgency) {
    auto& world = run.world;
    held_case held;
    auto outline = [&run]() {
        const crash_blame working_on(run.key());
        return told_apart(run, outline_case(run.folder(), *run.target, run.world.pages));
    };
    auto outlined = co_await read_or_end(run, outline);
    if (!outlined) co_return outlined.error();
    held.outline = std::move(*outlined);
    const auto bytes = std::max<std::uint64_t>(held.outline.image_bytes, 1);
    held.memory = co_await world.memory.acquire(bytes, urgency);
    auto load = [&run, &held]() {
        const crash_blame working_on(run.key());
        auto loaded = load_case(run.folder(), held.outline, sent_before(run), run.world.pages);
        fault_point("prepare.loaded", run.key().name);
        return told_apart(run, std::move(loaded));
    };
    auto loaded = co_await read_or_end(run, load);
    if (!loaded) co_return loaded.error();
    ++world.cases_read;
    held.loaded = std::move(*loaded);
    run.files = held.loaded.files;
    co_return held;
}

/// A look at the delivered case that a ticket has verified again.
auto sight_of(case_run& run) {
    const bool was_sent = run.record().last.has_value();
    return [&run, was_sent]() -> result<reverify::standing_sight> {
        const crash_blame working_on(run.record());
        return reverify::look_at(run.world.layout, *run.start.again, was_sent);
    };
}

/// A case of a ticket may have waited for hours since its folder was looked at, and somebody may have put a hold on it
/// meanwhile, or dropped it again. Nothing is sent then: the first look, which its lane takes anew, says how it ends.
async::awaitable<void> look_again(case_run& run) {
    auto look = sight_of(run);
    const auto seen = co_await keep_trying_on_pool(run.world, look);
    if (!seen.objection.empty()) throw reverify::case_given_back();
}

/// The last look, for the wait for an upload may have been long, too. False: it could not be taken, and whoever waits
/// until it can must keep no upload from others.
async::awaitable<bool> can_still_be_sent(case_run& run) {
    auto look = sight_of(run);
    const auto seen = co_await run.world.pool.run(look);
    if (!seen) co_return false;
    if (!seen->objection.empty()) throw reverify::case_given_back();
    co_return true;
}

/// A line about one submit.
log::fields about_attempt(case_run& run) {
    auto about = run.about();
    if (const auto& last = run.record().last) about.emplace_back("attempt", last->number);
    return about;
}

void log_receipt(case_run& run, std::chrono::steady_clock::duration took) {
    auto about = about_attempt(run);
    about.emplace_back("ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    about.emplace_back("task", run.record().task_id());
    log::info("submitted", about);
}

/// An API in trouble meets case after case, each again and again.
void say_trouble(case_run& run, const std::string& how, const progeny::api_reply& reply) {
    auto about = about_attempt(run);
    if (reply.http_status) about.emplace_back("status", *reply.http_status);
    if (run.world.stopping && reply.ruling.action == action::retry) { // a stop ends what was not sent yet
        log::debug(how + reply.what, about);
        return;
    }
    run.world.troubles.met(how + kind_of_reply(reply.what), how + reply.what, about);
}

/// Makes what came back durable. Should the ledger refuse it at first, the log is where a receipt can be found, too.
async::awaitable<void> put_outcome(case_run& run) {
    bool said = run.record().task_id().empty();
    auto step = [&run, &said]() -> async::awaitable<result<void>> {
        auto done = co_await run.world.ledger.put(run.record());
        if (!done && !std::exchange(said, true)) {
            auto about = run.about();
            about.emplace_back("task", run.record().task_id());
            log::warning("the API took the case, but its receipt cannot be recorded yet", about);
        }
        co_return done;
    };
    co_await keep_trying(run.world, step);
}

bool extend_data_of(const case_run& run, const held_case& held) {
    return held.outline.said.extend_data.value_or(run.config->api.extend_data);
}

/// The answer that an earlier case with the same bytes was given within the window, as this case's own.
async::awaitable<std::optional<answered_case>> answer_of_twin(case_run& run) {
    auto& world = run.world;
    auto& record = run.record();
    const auto since = std::chrono::system_clock::now() - *run.config->intake.dedupe;
    auto look = [&]() { return world.ledger.answered(record.fingerprint, since); };
    const auto earlier = co_await keep_trying(world, look);
    if (!earlier) co_return std::nullopt;
    auto reading = read_task_reply(*run.target, earlier->reply);
    if (reading.state != task_state::answered) co_return std::nullopt;

    duplicate_facts twin;
    twin.case_name = earlier->key.name;
    twin.service = earlier->service;
    twin.answered_at = earlier->answered_at;
    record.duplicate_of = twin;
    ledger::attempt saved;
    saved.number = 1;
    saved.sent = run.files;
    saved.sent_at = std::chrono::system_clock::now();
    saved.ended_at = saved.sent_at;
    saved.outcome = ledger::attempt_outcome::not_sent;
    saved.what = "not paid again: the same submission was answered as " + earlier->key.folder + "/" + earlier->key.name;
    record.last = std::move(saved);
    task_facts task;
    task.id = earlier->task_id;
    task.submitted_at = earlier->submitted_at;
    task.answered_at = earlier->answered_at;
    world.count.duplicate();
    world.day.metrics.duplicate(run.service_told());
    auto about = run.about();
    about.emplace_back("answered_as", earlier->key.folder + "/" + earlier->key.name);
    log::info("not submitted: the same bytes were answered before (intake.dedupe)", about);
    co_return std::optional<answered_case>(std::in_place, std::move(*reading.answer), earlier->reply, std::move(task));
}

/// The answer of a case with the same bytes, waited for while one is on its way; none when there is no such answer, and
/// this case is the one that the next waits for. Whoever still holds what the other one may need must not wait: neither
/// has come about then.
async::awaitable<std::optional<answered_case>> answer_or_lead(case_run& run, bool may_wait) {
    twin_list::waiter twin(run.world.twins, run.record().fingerprint);
    if (twin.is_sent()) run.remember("waits", "another case with the same bytes is on its way (intake.dedupe)");
    for (;;) {
        co_await twin.wait_until_none_is_sent();
        const auto ended = twin.ended();
        auto known = co_await answer_of_twin(run);
        if (known) co_return known;
        // Another one may have been faster, or even have come to its end, while the ledger was asked.
        if (!twin.is_sent() && twin.ended() == ended) break;
        if (twin.is_sent() && !may_wait) co_return std::nullopt;
    }
    run.start.sending = sending_mark(run.world.twins, run.record().fingerprint);
    co_return std::nullopt;
}

/// The row of the attempt that is about to be sent.
ledger::attempt next_attempt(const ledger::case_record& record, const held_case& held) {
    ledger::attempt next;
    next.number = record.last ? record.last->number + 1 : 1;
    next.sent = held.loaded.files;
    next.sent_at = std::chrono::system_clock::now();
    return next;
}

/// What came back, into the row.
void note_reply(ledger::case_record& record, const progeny::api_reply& reply) {
    auto& last = *record.last;
    last.http_status = reply.http_status;
    last.what = reply.what;
    switch (reply.ruling.action) {
    case action::accept:
        last.outcome = ledger::attempt_outcome::accepted;
        last.task_id = reply.task_id;
        break;
    case action::unknown_outcome:
        // Nothing ended: the row stays as it is, with what is known.
        if (reply.ruling.hold) last.outcome = ledger::attempt_outcome::no_receipt;
        return;
    case action::fail:
        last.outcome = ledger::attempt_outcome::refused;
        break;
    default:
        last.outcome = ledger::attempt_outcome::not_sent;
        if (!reply.charged) --record.attempts;
        break;
    }
    last.ended_at = std::chrono::system_clock::now();
}

/// When the case may be sent again, if that was no answer. It becomes durable with the outcome, so that a restart keeps
/// to what the API asked for.
void plan_next_try(case_run& run, const progeny::api_reply& reply) {
    const auto what = reply.ruling.action;
    run.repeating = what == action::retry || what == action::unknown_outcome;
    if (what == action::accept) run.failures = 0;
    if (!run.repeating) return;
    if (reply.charged) ++run.failures;
    const auto backoff = backoff_delay(run.config->retry, std::max(run.failures, 1U), run.world.random());
    const auto asked = reply.retry_after.value_or(std::chrono::milliseconds(0));
    run.record().next_try = std::chrono::system_clock::now() + std::max(backoff, asked);
}

/// Durable before the first byte is sent: whatever happens from here on, somebody knows that this case may be paid.
async::awaitable<void> put_intent(case_run& run, const held_case& held) {
    auto& record = run.record();
    record.last = next_attempt(record, held);
    record.next_try.reset();
    ++record.attempts;
    auto step = [&run]() { return run.world.ledger.put_intent(run.record()); };
    record.duplicate_of = co_await keep_trying(run.world, step);
    fault_point("intent.recorded", record.key.name);
}

/// As far as anybody knows.
bool is_paid(const ledger::attempt& what) {
    return what.outcome != ledger::attempt_outcome::refused && what.outcome != ledger::attempt_outcome::not_sent;
}

/// A claim that a power cut undoes after the submit would be claimed, and paid, again.
async::awaitable<void> settle_claim(case_run& run) {
    if (std::exchange(run.settled, true)) co_return;
    auto round = [&run](const auto& waiting) {
        const auto settled = fs::settle_claims(run.world.layout);
        for (auto* each : waiting)
            *each = settled;
    };
    auto settle = [&run, &round]() { return run.world.settling.join(result<void>(), round); };
    co_await keep_trying(run.world, settle);
}

/// Of what is durable now: counts it, and says where the case stands.
void tell_outcome(case_run& run, std::chrono::steady_clock::duration took) {
    auto& day = run.world.day;
    const auto outcome = run.record().last->outcome;
    day.metrics.attempted(run.service_told(), run.key().lane, outcome);
    if (outcome == ledger::attempt_outcome::accepted) {
        day.submitted(run.service_told(), took);
        run.start.in_hand.enters(case_phase::pending, run.record().submitted_at());
    } else {
        run.start.in_hand.enters(case_phase::claimed, run.record().taken_at);
    }
}

/// One submit between two durable records. A stop waits for it: what was sent must be known. The next
/// upload begins when the reply to this one is here, not when its receipt is on disk; the images are not kept for that.
async::awaitable<progeny::api_reply> send_once(case_run& run, held_case held, progeny::admission leave,
                                               async::permit slot) {
    auto& record = run.record();
    progeny::submission what;
    what.target = run.target;
    what.fields = held.outline.fields;
    what.extend_data = extend_data_of(run, held);
    what.images = held.loaded.parts();
    what.request_id = run.request_id();
    what.repeat = run.repeating;
    what.lane = run.key().lane;

    co_await async::begin_shield();
    run.leave_if_stopping();
    auto* const again = run.start.again.get();
    if (again != nullptr) again->check_leave();
    if (again != nullptr) again->keeper().called(*again, true);
    co_await put_intent(run, held);
    const auto begun = std::chrono::steady_clock::now();
    run.start.in_hand.enters(case_phase::sending);
    auto reply = co_await run.world.api.submit(what, std::move(leave));
    slot.release();
    held = held_case();
    fault_point("submit.replied", record.key.name);
    note_reply(record, reply);
    plan_next_try(run, reply);
    run.era = reply.era;
    const auto took = std::chrono::steady_clock::now() - begun;
    if (again != nullptr && !is_paid(*record.last)) again->keeper().called(*again, false);
    co_await put_outcome(run);
    tell_outcome(run, took);
    // Whoever reads "submitted" may rely on it: nothing that happens to kycd from here on sends the case again.
    if (reply.ruling.action == action::accept) log_receipt(run, took);
    fault_point("receipt.recorded", record.key.name);
    co_await async::end_shield();
    co_return reply;
}

/// For as long as a claimed case waits for the API to take it: it then counts as held back, and does not keep the place
/// in which a case of another service could be read and uploaded.
class held_back_mark {
  public:
    explicit held_back_mark(case_run& run) : run_(run) {
        run.start.before_receipt.release();
        run.world.held_back.add(run.key().lane, run.target->name);
        if (run.start.again) run.start.again->keeper().held_back(*run.start.again, true);
    }

    held_back_mark(const held_back_mark&) = delete;
    held_back_mark& operator=(const held_back_mark&) = delete;

    ~held_back_mark() {
        if (run_.start.again) run_.start.again->keeper().held_back(*run_.start.again, false);
        run_.world.held_back.remove(run_.key().lane, run_.target->name);
    }

  private:
    const case_run& run_;
};

/// Until the time that was planned after the last try, by this process or an earlier one. A clock that was set
/// meanwhile must not hold a case for longer than any wait that is ever planned.
async::awaitable<void> wait_for_next_try(case_run& run) {
    const auto planned = run.record().next_try;
    if (!planned) co_return;
    const auto& rules = run.config->retry;
    const auto longest = std::max({rules.base, rules.max, rules.retry_after_max});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*planned - std::chrono::system_clock::now());
    if (left <= std::chrono::milliseconds(0)) co_return;
    const held_back_mark waiting(run);
    co_await async::sleep_for(std::min(left, longest));
}

/// Leave to submit, and the place between claim and receipt again if the case had to give it away meanwhile.
async::awaitable<progeny::admission> wait_for_leave(case_run& run) {
    auto& world = run.world;
    for (;;) {
        std::optional<held_back_mark> waiting;
        if (!world.api.admits(run.caller())) {
            if (run.start.again && !run.repeating) run.start.again->check_wait();
            waiting.emplace(run);
        }
        auto leave = co_await world.api.admit(run.caller());
        waiting.reset();
        if (run.start.before_receipt) co_return leave;
        if (leave.probe()) co_return leave; // it goes first, whatever else waits
        run.start.before_receipt = co_await world.before_receipt.acquire(1, run.urgency());
        if (world.api.admits(run.caller())) co_return leave;
    }
}

failure submit_failure(failure_code code, const progeny::api_reply& reply) {
    failure end(stage::submit, code, reply.what);
    end.http_status = reply.http_status;
    if (!reply.body.empty()) end.api = reply.body;
    return end;
}

/// Also after a restart: the ledger remembers an outcome that must never be repeated by itself.
bool held_when_unknown(case_run& run) {
    const auto& last = run.record().last;
    return run.target->never_repeat_unknown || (last && last->outcome == ledger::attempt_outcome::no_receipt) ||
           run.config->on_unknown_outcome == unknown_outcome_rule::hold;
}

} // namespace

async::awaitable<result<std::optional<answered_case>, failure>> submit_case(case_run& run) {
    auto& world = run.world;
    if (run.record().outcome_unknown()) {
        world.count.unknown_outcome();
        world.day.metrics.unknown_outcome(run.service_told());
        const auto& said = run.record().last->what;
        if (held_when_unknown(run))
            co_return failure(stage::submit, failure_code::unknown_outcome,
                              said.empty() ? "kycd was stopped between sending this case and noting the answer; the "
                                             "API may have accepted it"
                                           : said);
        // Each may be paid twice.
        log::warning("the outcome of an earlier submit is unknown, submitting again (on_unknown_outcome: resubmit)",
                     run.about());
    }
    for (;;) {
        co_await wait_for_next_try(run);
        if (run.start.again) {
            run.start.again->check_leave();
            if (run.repeating) co_await run.start.again->keeper().take_turn(*run.start.again);
        }
        auto leave = co_await wait_for_leave(run);
        // Whoever it is that tries for all: everybody waits for what comes of it.
        const auto urgency = leave.probe() ? async::urgency::first : run.urgency();
        auto held = co_await hold_case(run, urgency);
        const bool goes_behind = urgency == async::urgency::behind;
        // What goes behind keeps no slot from others while it waits for its turn.
        if (held && goes_behind) co_await world.rate.take(urgency);
        // Before its images are blamed: whoever holds a case may have changed them, too.
        if (run.start.again) co_await look_again(run);
        if (!held) co_return held.error();
        run.record().fingerprint =
            fingerprint_of(world.spool, *run.target, held->outline.fields, extend_data_of(run, *held), run.files);
        // Who asks for a case again wants to pay for it again.
        const bool dedupes = run.config->intake.dedupe.has_value() && !run.start.again;
        if (dedupes && !run.record().last && !run.start.sending) {
            const bool twin_is_sent = world.twins.is_sent(run.record().fingerprint);
            if (twin_is_sent) { // gives away what others need meanwhile
                held = failure();
                leave = progeny::admission();
                run.start.before_receipt.release();
            }
            auto known = co_await answer_or_lead(run, twin_is_sent);
            if (known) co_return known;
            if (twin_is_sent || !run.start.sending) continue;
        }
        if (dedupes && !run.start.sending) run.start.sending = sending_mark(world.twins, run.record().fingerprint);
        co_await settle_claim(run);
        auto slot = co_await world.uploads.acquire(1, urgency);
        if (!goes_behind) co_await world.rate.take(urgency);
        const bool its_turn = co_await world.api.turn(run.caller(), leave, urgency);
        if (!its_turn) continue; // paused while this case waited
        if (run.start.again) {
            const bool stands = co_await can_still_be_sent(run);
            if (!stands) continue;
        }
        const auto reply = co_await send_once(run, std::move(*held), std::move(leave), std::move(slot));
        if (reply.ruling.action == action::accept) {
            world.count.submitted();
            run.leave_if_stopping();
            co_return std::optional<answered_case>();
        }
        if (reply.ruling.action == action::fail)
            co_return submit_failure(reply.ruling.code.value_or(failure_code::reply_not_understood), reply);
        if (reply.ruling.action == action::unknown_outcome) {
            world.count.unknown_outcome();
            world.day.metrics.unknown_outcome(run.service_told());
            // Each may have been paid for nothing: a line for each case, however many.
            log::warning("submitted with unknown outcome: " + reply.what, about_attempt(run));
            if (held_when_unknown(run)) co_return submit_failure(failure_code::unknown_outcome, reply);
        } else {
            say_trouble(run, "not submitted: ", reply);
        }
        run.leave_if_stopping();
        if (reply.charged && run.failures >= run.config->retry.attempts)
            co_return submit_failure(failure_code::retries_exhausted, reply);
    }
}

} // namespace kyc
