#include "life/process_case.hpp"

#include "async/shield.hpp"
#include "core/advice_again.hpp"
#include "core/fault_point.hpp"
#include "core/issue_advice.hpp"
#include "core/report_json.hpp"
#include "fs/crash_notes.hpp"
#include "fs/spool_identity.hpp"
#include "life/case_run.hpp"
#include "life/end_in_place.hpp"
#include "life/ended_case.hpp"
#include "log/crash_blame.hpp"
#include "log/log.hpp"

#include <array>
#include <cstdio>

namespace kyc {

namespace {

std::uint32_t random_number(const random_unit& random) {
    constexpr double numbers = 4294967296.0; // of 32 bits
    return static_cast<std::uint32_t>(random() * numbers);
}

case_facts facts_of(case_run& run) {
    case_facts facts;
    facts.name = run.folder().key.name;
    facts.service = run.target != nullptr ? run.target->name : run.key().folder;
    facts.lane = run.key().lane;
    facts.files = run.files.empty() ? run.record().files() : run.files;
    return facts;
}

/// Out of work/, together with whoever leaves at the same time.
async::awaitable<std::filesystem::path> move_out(case_run& run, bool answered) {
    auto& world = run.world;
    auto round = [&world](const auto& leaving) { fs::deliver(world.layout, world.access, leaving); };
    auto step = [&]() -> async::awaitable<result<std::filesystem::path>> {
        fs::departure mine{run.folder(), answered};
        mine = co_await world.leaving.join(std::move(mine), round);
        auto copy = [&world, &mine] { fs::deliver_elsewhere(world.layout, world.access, mine); };
        if (mine.needs_copy) co_await world.pool.run(copy);
        if (mine.where) co_return mine.where;
        // Only its own folder there may be what is wrong: others are read and uploaded meanwhile.
        run.start.before_receipt.release();
        auto look = [&run, &mine] { return unless_vanished(run, mine.where.error()); };
        const auto why = co_await world.pool.run(look);
        co_return why;
    };
    co_return co_await keep_trying(world, step);
}

/// Writes the case's last word into its folder, moves it where it belongs, and closes the record with `end`, whose
/// state, time and place are filled in here.
async::awaitable<std::filesystem::path> hand_over(case_run& run, std::string name, std::string text,
                                                  ledger::case_end end) {
    auto& world = run.world;
    const bool answered = end.state == ledger::case_state::delivered;
    const auto which = run.folder();
    auto write = [&]() -> result<void> {
        const crash_blame working_on(run.record());
        auto written = fs::write_in_case(which, name, text, world.access);
        if (!written) return unless_vanished(run, written.error());
        return written;
    };
    if (!text.empty()) co_await keep_trying_on_pool(world, write);
    fault_point("answer.written", which.key.name);
    // Before it moves: the next case of this name has done nothing.
    if (world.crashes.erase(which.key) != 0) {
        auto forget = [&]() { return fs::forget_crashes(world.layout, which.key); };
        co_await keep_trying_on_pool(world, forget);
    }
    // A case that ends unsent has no record yet; without one, nobody would know of it after a crash behind the move.
    if (run.record().attempts == 0) co_await put_record(run);
    auto where = co_await move_out(run, answered);
    fault_point("case.moved", which.key.name);
    end.at = std::chrono::system_clock::now();
    end.place = where.string();
    auto close = [&]() { return world.ledger.close(run.record(), end); };
    co_await keep_trying(world, close);
    fault_point("record.closed", which.key.name);
    co_return where;
}

std::string result_text(case_run& run, const answered_case& answered) {
    const crash_blame working_on(run.record());
    return result_json(facts_of(run), answered.task, answered.said, run.record().duplicate_of, answered.reply);
}

/// Tells the API how a case ended that was sent to it.
void tell_api(const case_run& run, std::string_view code) {
    if (run.target != nullptr) run.world.api.ended(*run.target, run.key().lane, run.era, code);
}

/// The code of an answer that only tells of the vendor's own trouble; empty for any other.
std::string_view vendor_fault_of(const answer& said) {
    for (const auto& each : said.issues)
        if (is_vendor_fault(each.code)) return each.code;
    return {};
}

std::string name_in_spool(const case_key& key) {
    return key.folder + "/" + key.name;
}

async::awaitable<void> deliver(case_run& run, answered_case answered) {
    const auto begun = std::chrono::steady_clock::now();
    auto text = result_text(run, answered);
    if (!run.record().task_id().empty()) tell_api(run, vendor_fault_of(answered.said));
    if (run.start.again) {
        co_await reverify::end_answered(run, std::move(text));
        co_return;
    }
    const auto verdict = answered.said.verdict;
    ledger::case_end end;
    end.state = ledger::case_state::delivered;
    end.word = to_string(verdict);
    if (run.keeps_reply()) end.reply = answered.reply;
    const auto where = co_await hand_over(run, "result.json", std::move(text), std::move(end));
    auto about = run.about();
    about.emplace_back("verdict", std::string(to_string(verdict)));
    about.emplace_back("attempts", answered.task.attempts);
    about.emplace_back("polls", answered.task.polls);
    about.emplace_back("folder", where.string());
    log::info("delivered", about);
    run.world.count.answered(verdict);
    run.world.day.delivered(run.service_told(), verdict, std::chrono::steady_clock::now() - begun,
                            run.start.in_hand.dropped());
}

async::awaitable<void> give_up(case_run& run, failure why) {
    // An outcome that an earlier process left unknown says nothing about the API: it was kycd that ended. So it was
    // where kycd broke down.
    const bool own_end =
        (run.era == 0 && why.code == failure_code::unknown_outcome) || why.code == failure_code::task_unread;
    if ((why.stage == stage::submit || why.stage == stage::poll) && !own_end)
        tell_api(run, blames_service(why.code) ? to_string(why.code) : std::string_view());
    if (run.start.again && why.advice.empty()) why.advice = advice_again(why.code);
    auto text = error_json(facts_of(run), why, run.record().attempts, std::chrono::system_clock::now());
    if (run.start.again) {
        co_await reverify::end_failed(run, std::move(why), std::move(text));
        co_return;
    }
    ledger::case_end end;
    end.state = ledger::case_state::failed;
    end.word = to_string(why.code);
    end.stage = to_string(why.stage);
    end.message = why.message;
    const auto where = co_await hand_over(run, "error.json", std::move(text), std::move(end));
    auto about = run.about();
    about.emplace_back("code", std::string(to_string(why.code)));
    about.emplace_back("stage", std::string(to_string(why.stage)));
    about.emplace_back("folder", where.string());
    // What stands in a producer's case.json may be personal data, in the place of a key, too: error.json has the rest.
    const bool quotes = why.code == failure_code::bad_manifest;
    log::warning("failed: " + (quotes ? "what case.json says cannot be used, error.json has why" : why.message), about);
    run.world.count.failed(why.code);
    run.world.day.failed(run.service_told(), why.stage, why.code, name_in_spool(run.key()));
}

/// What a case comes to; none: it waits for its task.
using case_outcome = std::optional<result<answered_case, failure>>;

/// What speaks against going on with the case; none: nothing. A task is paid for and needs no image, no upload and no
/// service to be sent to: only breaking down at its answer speaks against asking for it.
std::optional<failure> objection_to(case_run& run) {
    if (auto crashed = crash_objection(run.world.crashes, run.record())) return crashed;
    if (run.record().has_task()) return std::nullopt;
    if (run.start.refused) return *run.start.refused;
    if (run.config->services.find(run.key().folder) == nullptr)
        return failure(stage::intake, failure_code::unknown_service, "there is no service called " + run.key().folder);
    return std::nullopt;
}

async::awaitable<case_outcome> live(case_run& run, poll_leave leave) {
    if (leave) {
        auto told = co_await poll_case(run, std::move(leave));
        if (!told) co_return told.error();
        if (*told) co_return std::move(**told);
        // It is sent again like one of its ticket that was never sent: whatever stops those stops it, too.
        if (run.start.again && !run.record().has_task()) throw reverify::case_given_back();
    }
    if (auto objection = objection_to(run)) co_return std::move(*objection);
    if (!run.record().has_task()) {
        auto sent = co_await submit_case(run);
        if (!sent) co_return sent.error();
        if (*sent) co_return std::move(**sent);
    }
    co_return std::nullopt;
}

/// kycd's own report in the case's folder, as the record's end.
async::awaitable<std::optional<ledger::case_end>> earlier_end(case_run& run, const std::string& name) {
    auto read = [&]() -> result<std::optional<ledger::case_end>> {
        const crash_blame working_on(run.record());
        const auto text = fs::read_in_case(run.folder(), name);
        if (!text) return text.error();
        if (!*text) return std::optional<ledger::case_end>();
        return std::optional(end_in_report(**text));
    };
    co_return co_await keep_trying_on_pool(run.world, read);
}

/// A case that an earlier process had brought to its end, but for the last rename.
async::awaitable<bool> finish_earlier_end(case_run& run) {
    auto& world = run.world;
    // What broke down at the answer is not tried once more, and its error.json goes before that.
    const bool answer_is_bad = run.record().has_task() && crash_objection(world.crashes, run.record());
    if (run.start.again) {
        if (answer_is_bad) co_return false;
        const bool ended = co_await reverify::end_answered_before(run);
        co_return ended;
    }
    for (const bool answered : {true, false}) {
        if (answered && answer_is_bad) continue;
        const std::string name = answered ? "result.json" : "error.json";
        auto found = co_await earlier_end(run, name);
        if (!found) continue;
        auto end = std::move(*found);
        // Whatever became of its text: which of the two it is says where the case belongs.
        end.state = answered ? ledger::case_state::delivered : ledger::case_state::failed;
        if (!run.keeps_reply()) end.reply.clear();
        const auto told = end;
        const auto begun = std::chrono::steady_clock::now();
        std::string is_there_already;
        const auto where = co_await hand_over(run, name, std::move(is_there_already), std::move(end));
        auto about = run.about();
        about.emplace_back("folder", where.string());
        log::info(answered ? "delivered an answer that was on disk already" : "moved a case that had failed already",
                  about);
        if (answered) {
            world.count.delivered_late();
            world.day.delivered(run.service_told(), verdict_from(told.word), std::chrono::steady_clock::now() - begun,
                                run.start.in_hand.dropped());
        } else {
            world.count.failed_late();
            if (const auto code = failure_code_from(told.word))
                world.day.failed(run.service_told(), stage_from(told.stage).value_or(stage::intake), *code,
                                 name_in_spool(run.key()));
        }
        co_return true;
    }
    co_return false;
}

/// False: the case waits for its task.
async::awaitable<bool> live_and_end(case_run& run, poll_leave leave) {
    if (std::exchange(run.start.recovered, false)) {
        const bool finished = co_await finish_earlier_end(run);
        if (finished) co_return true;
    }
    auto outcome = co_await live(run, std::move(leave));
    if (!outcome) co_return false;
    // From here to the end only the disk is involved: a stop lets it finish.
    co_await async::begin_shield();
    run.start.in_hand.enters(case_phase::delivering);
    if (*outcome) {
        co_await deliver(run, std::move(**outcome));
    } else {
        co_await give_up(run, outcome->error());
    }
    co_return true;
}

/// Nothing runs for the case until its task may be asked for.
void wait_for_task(std::unique_ptr<case_run> run) {
    run->start.before_receipt.release();
    run->files = {}; // the record has them
    if (run->start.again) run->start.again->keeper().has_receipt(*run->start.again);
    plan_poll(*run);
    auto& pending = run->world.pending;
    pending.add(std::move(run));
}

async::awaitable<void> forget_vanished(case_run& run) {
    if (run.start.again) {
        co_await reverify::end_vanished(run);
        co_return;
    }
    auto about = run.about();
    if (const auto task = run.record().task_id(); !task.empty()) about.emplace_back("task", task);
    log::warning("the case's folder was taken out of work/ by somebody else: the case ends here", about);
    ledger::case_end end;
    end.at = std::chrono::system_clock::now();
    auto close = [&run, &end]() { return run.world.ledger.close(run.record(), end); };
    co_await keep_trying(run.world, close);
    run.world.count.failed_late();
    run.world.day.metrics.gone(run.service_told());
}

} // namespace

static_assert(sizeof(case_run) <= 768, "thousands wait: past this the allocator gives each 128 bytes more");

case_start::case_start(fs::claimed_case which) {
    record.key = std::move(which.key);
    record.flat = which.flat;
    if (which.refused) refused = std::make_unique<const failure>(std::move(*which.refused));
}

case_run::case_run(case_world& world_, case_start start_)
    : world(world_), start(std::move(start_)), config(world.config), target(config->services.find(key().folder)),
      request(random_number(world.random)), settled(start.again != nullptr) {
    if (start.record.taken_at == utc_time{}) start.record.taken_at = std::chrono::system_clock::now();
    if (start.record.service.empty()) start.record.service = key().folder;
    if (target != nullptr) start.record.service = target->name;
    if (target == nullptr && start.record.has_task()) {
        // Only services of the settings can go, and what those judge is taken from the reply (core/service.hpp): a name
        // is all that reading an answer needs.
        auto& former = world.former_services[start.record.service];
        former.name = start.record.service;
        target = &former;
    }
    // The submits that led to a task did not fail, and of the one that was under way nobody knows.
    const auto& known = start.record;
    const auto blameless = known.failed_tasks + (known.outcome_unknown() ? 1 : 0) + (known.has_task() ? 1 : 0);
    failures = known.attempts > blameless ? known.attempts - blameless : 0;
}

fs::claimed_case case_run::folder() const {
    if (start.again)
        return {case_key(key().folder, start.again->row.case_name), start.again->folder, start.again->flat};
    return {key(), world.layout.work_case(key()), start.record.flat};
}

log::fields case_run::about() const {
    log::fields told{{"service", target != nullptr ? target->name : key().folder},
                     {"case", key().folder + "/" + key().name},
                     {"request", request_id()}};
    if (start.again) told.emplace_back("lane", std::string(to_string(lane::bulk)));
    return told;
}

std::string case_run::request_id() const {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08x", request);
    return digits.data();
}

void case_run::remember(std::string kind, std::string detail, std::uint32_t times) {
    ledger::event what;
    what.at = std::chrono::system_clock::now();
    what.kind = std::move(kind);
    what.detail = std::move(detail);
    what.times = times;
    world.ledger.note(key(), std::move(what));
}

async::awaitable<void> put_record(case_run& run) {
    auto step = [&run]() { return run.world.ledger.put(run.record()); };
    co_await keep_trying(run.world, step);
}

fault unless_vanished(const case_run& run, fault met) {
    const auto folder = run.folder().folder;
    std::error_code unknown;
    const bool folder_is_gone =
        met.code == std::errc::no_such_file_or_directory &&
        std::filesystem::symlink_status(folder, unknown).type() == std::filesystem::file_type::not_found &&
        std::filesystem::exists(folder.parent_path(), unknown);
    if (!folder_is_gone) return met;
    // Below a mount that has gone there may be an older spool: its folders say nothing about this case.
    const auto spool = fs::read_identity(run.world.layout);
    if (spool && *spool == run.world.spool) throw case_vanished();
    return met;
}

async::awaitable<void> process_case(case_world& world, case_start start) {
    return process_case(std::make_unique<case_run>(world, std::move(start)), poll_leave());
}

async::awaitable<void> process_case(std::unique_ptr<case_run> run, poll_leave leave) {
    bool ended = true;
    bool vanished = false;
    try {
        ended = co_await live_and_end(*run, std::move(leave));
    } catch (const case_vanished&) {
        vanished = true; // a handler cannot await
    } catch (const reverify::case_given_back&) {
        run->start.again->keeper().given_back(*run->start.again, run->record());
        co_return;
    } catch (const std::bad_alloc&) {
        throw; // the machine's trouble, whoever met it
    } catch (const boost::system::system_error& error) {
        if (error.code() != boost::asio::error::operation_aborted) blame_case(run->record());
        if (run->start.again) run->start.again->keeper().given_back(*run->start.again, run->record());
        throw;
    } catch (...) {
        blame_case(run->record());
        throw;
    }
    if (vanished) {
        try {
            co_await forget_vanished(*run);
        } catch (const boost::system::system_error&) { // a stop, or its ticket may not go on
            if (run->start.again) run->start.again->keeper().given_back(*run->start.again, run->record());
            throw;
        }
    }
    if (!ended) wait_for_task(std::move(run));
}

} // namespace kyc
