#pragma once
// The surroundings of cases for tests of their life: an API and a ledger that a test scripts, and no disk.

#include "async/task_group.hpp"
#include "life/case_run.hpp"
#include "life/case_world.hpp"
#include "life/pending_tasks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kyc::test {

/// Notes who asks for which task, and replies when it is told to.
class scripted_api final : public progeny::api {
  public:
    explicit scripted_api(const boost::asio::any_io_executor& loop) : changed(loop) {}

    std::vector<std::string> asked{}; ///< the tasks, in the order of the questions
    std::size_t replies_allowed = 0;  ///< of those, so many are replied to, the first ones first
    bool repeats_allowed = true;      ///< else admit() makes them wait
    std::size_t turns_refused = 0;    ///< so often turn() sends back to admit()
    std::string body = R"({"status": "PENDING"})";
    async::signal changed; ///< notified by the test when it has changed one of these

    async::awaitable<progeny::admission> admit(progeny::caller who) override {
        while (who.repeat && !repeats_allowed)
            co_await changed.wait();
        co_return progeny::admission();
    }

    bool admits(const progeny::caller& who) const override { return !who.repeat || repeats_allowed; }

    async::awaitable<bool> turn(progeny::caller, progeny::admission&, async::urgency) override {
        const bool refused = turns_refused > 0;
        if (refused) --turns_refused;
        co_return !refused;
    }

    async::awaitable<progeny::api_reply> submit(const progeny::submission&, progeny::admission) override {
        throw std::logic_error("nothing is submitted here");
        co_return progeny::api_reply();
    }

    async::awaitable<progeny::api_reply> poll(progeny::poll_question what, progeny::admission) override {
        const auto place = asked.size();
        asked.push_back(what.task_id);
        while (place >= replies_allowed)
            co_await changed.wait();
        progeny::api_reply reply;
        reply.ruling.action = action::accept;
        reply.http_status = 200;
        reply.body = body;
        co_return reply;
    }

    void ended(const service&, kyc::lane, std::uint32_t, std::string_view) override {}

    async::awaitable<login_outcome> login() override { co_return login_outcome(); }

    progeny::api_health health() const override { return {}; }
};

/// Takes everything and knows nothing.
class forgetful_ledger final : public ledger::ledger {
  public:
    using record = kyc::ledger::case_record;

    async::awaitable<result<std::vector<record>>> recover() override { co_return std::vector<record>(); }

    async::awaitable<result<std::optional<duplicate_facts>>> put_intent(record) override {
        co_return std::optional<duplicate_facts>();
    }

    async::awaitable<result<void>> put(record) override { co_return result<void>(); }

    async::awaitable<result<void>> close(record, kyc::ledger::case_end) override { co_return result<void>(); }

    void note(const case_key&, kyc::ledger::event) override {}

    void keep_answer_times(const std::string&, std::string) override {}

    async::awaitable<result<std::map<std::string, std::string>>> answer_times() override {
        co_return std::map<std::string, std::string>();
    }

    async::awaitable<void> flush() override { co_return; }

    async::awaitable<result<std::optional<kyc::ledger::earlier_answer>>> answered(std::string, utc_time) override {
        co_return std::optional<kyc::ledger::earlier_answer>();
    }

    async::awaitable<result<void>> forget_answers(utc_time) override { co_return result<void>(); }

    async::awaitable<result<std::vector<kyc::ledger::ended_row>>>
    ended_before(std::optional<utc_time>, std::optional<utc_time>, std::int64_t, std::size_t) override {
        co_return std::vector<kyc::ledger::ended_row>();
    }

    async::awaitable<result<void>> reduce(std::vector<std::int64_t>) override { co_return result<void>(); }

    async::awaitable<result<std::size_t>> add_ended(std::vector<kyc::ledger::case_history>) override {
        co_return std::size_t{0};
    }

    async::awaitable<result<void>> rebuilt() override { co_return result<void>(); }

    kyc::ledger::ticket_book& tickets() override { throw std::logic_error("no ticket is asked for here"); }

    result<void> bind_to_spool(const std::string&, bool, const std::vector<record>&) override { return {}; }

    statistics counted() const override { return {}; }

    std::optional<fault> commit_fault() const override { return {}; }

    std::optional<std::chrono::steady_clock::time_point> busy_since() const override { return {}; }
};

/// Everything that cases with a task need. The members are in the order of app's.
struct waiting_world {
    boost::asio::io_context loop{1};
    std::shared_ptr<settings> config = std::make_shared<settings>();
    fs::spool_layout layout{folder_settings{}};
    async::blocking_pool pool{1};
    forgetful_ledger ledger;
    scripted_api api{loop.get_executor()};
    async::permits uploads{loop.get_executor(), 1};
    async::permits polls{loop.get_executor(), 1};
    async::permits before_receipt{loop.get_executor(), 100};
    async::permits unanswered{loop.get_executor(), 100};
    fs::page_stock pages;
    async::permits memory{loop.get_executor(), 1};
    async::rate_limit rate{0};
    async::group_work<result<void>> settling{loop.get_executor(), pool, {}};
    async::group_work<fs::departure> leaving{loop.get_executor(), pool, {}};
    fault_pause faults{loop.get_executor()};
    tally count{loop.get_executor()};
    day_book day{config->services, std::chrono::system_clock::now()};
    std::unique_ptr<case_world> world;
    async::task_group cases{loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }};
    async::task_group keepers{loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }};
    std::unique_ptr<pending_tasks> pending;

    waiting_world() {
        // A task that was asked for is not asked for again, unless a test says so.
        config->poll.first = config->poll.min = config->poll.max = std::chrono::hours(1);
        pending = std::make_unique<pending_tasks>(loop.get_executor(), api, polls, cases);
        world = std::make_unique<case_world>(case_world{config,
                                                        layout,
                                                        {},
                                                        pool,
                                                        ledger,
                                                        api,
                                                        uploads,
                                                        polls,
                                                        before_receipt,
                                                        unanswered,
                                                        memory,
                                                        pages,
                                                        rate,
                                                        settling,
                                                        leaving,
                                                        faults,
                                                        *pending,
                                                        count,
                                                        day,
                                                        [] { return 0.5; },
                                                        {},
                                                        {},
                                                        {},
                                                        twin_list(loop.get_executor()),
                                                        {},
                                                        {},
                                                        {},
                                                        {},
                                                        {},
                                                        false});
    }

    /// A case with a receipt for a task of the same name. The permits must be free.
    async::awaitable<std::unique_ptr<case_run>> case_with_task(std::string name) {
        fs::claimed_case which;
        which.key = case_key("background_check", name);
        case_start start(std::move(which));
        start.in_hand = in_hand_mark(*world, start.record.key, std::nullopt);
        kyc::ledger::attempt sent;
        sent.number = 1;
        sent.outcome = kyc::ledger::attempt_outcome::accepted;
        sent.ended_at = std::chrono::system_clock::now();
        sent.task_id = name;
        start.record.last = std::move(sent);
        start.unanswered = co_await unanswered.acquire();
        co_return std::make_unique<case_run>(*world, std::move(start));
    }

    /// Lets such a case wait for a poll `in` from now; negative: overdue.
    async::awaitable<void> add(std::string name, std::chrono::steady_clock::duration in, bool repeat = false) {
        auto run = co_await case_with_task(std::move(name));
        plan_poll(*run);
        run->task->due = std::chrono::steady_clock::now() + in;
        run->task->repeat = repeat;
        pending->add(std::move(run));
    }

    /// Until all that can run has run.
    async::awaitable<void> settle() {
        for (int turn = 0; turn < 50; ++turn)
            co_await boost::asio::post(boost::asio::use_awaitable);
    }

    async::awaitable<void> allow_replies(std::size_t count_allowed) {
        api.replies_allowed = count_allowed;
        api.changed.notify_all();
        co_await settle();
    }

    async::awaitable<void> stop() {
        keepers.cancel();
        cases.cancel();
        co_await cases.join();
        co_await keepers.join();
    }
};

} // namespace kyc::test
