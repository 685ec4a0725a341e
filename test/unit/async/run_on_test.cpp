#include "async/run_on.hpp"
#include "async/shield.hpp"
#include "async/side_loop.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

using namespace kyc::async;
using namespace std::chrono_literals;

namespace {

/// Tells when the frame that holds it is gone.
struct alive {
    explicit alive(int& count_) : count(count_) { ++count; }

    alive(const alive&) = delete;
    alive& operator=(const alive&) = delete;

    ~alive() { --count; }

    int& count; // no atomic: the crossing itself has to order the accesses
};

awaitable<std::pair<std::thread::id, std::unique_ptr<std::string>>> where_and_what(const std::string& what) {
    co_await sleep_for(1ms);
    co_return std::make_pair(std::this_thread::get_id(), std::make_unique<std::string>(what));
}

awaitable<int> at_once(int value) {
    co_return value;
}

awaitable<void> sleep_long(int& frames, bool& begun) {
    const alive here(frames);
    begun = true;
    co_await sleep_for(1h);
}

awaitable<std::string> fail(const std::string& with) {
    co_await sleep_for(1ms);
    throw std::runtime_error(with);
}

awaitable<void> crosses_and_comes_back(boost::asio::any_io_executor there) {
    const auto here = std::this_thread::get_id();
    const std::string what(1000, 'x');
    const auto [where, came] = co_await run_on(there, where_and_what(what));
    BOOST_TEST((where != here));
    BOOST_TEST((std::this_thread::get_id() == here));
    BOOST_TEST(*came == what);
    const auto quick = co_await run_on(there, at_once(7));
    BOOST_TEST(quick == 7);
    BOOST_TEST((std::this_thread::get_id() == here));
}

awaitable<void> carries_exceptions(boost::asio::any_io_executor there) {
    std::string caught;
    const std::string words = "from the other side";
    try {
        (void)co_await run_on(there, fail(words));
    } catch (const std::runtime_error& error) {
        caught = error.what();
    }
    BOOST_TEST(caught == words);
}

/// What became of a call that was cancelled.
struct cancelled_call {
    int frames = 0;
    bool begun = false;
    bool aborted = false;
    bool ended = false;
};

awaitable<void> call_that_is_cancelled(boost::asio::any_io_executor there, cancelled_call& call) {
    try {
        co_await run_on(there, sleep_long(call.frames, call.begun));
    } catch (const boost::system::system_error& error) {
        call.aborted = error.code() == boost::asio::error::operation_aborted;
    }
    BOOST_TEST(call.frames == 0); // the other side is over when this one goes on
    call.ended = true;
}

awaitable<void> swallow(boost::asio::any_io_executor there, int& crossed) {
    for (int i = 0; i < 20; ++i)
        crossed += co_await run_on(there, at_once(1));
}

struct crossing_fixture {
    void spawn(awaitable<void> body) {
        boost::asio::co_spawn(loop, std::move(body),
                              boost::asio::bind_cancellation_slot(cancel.slot(), [](const std::exception_ptr& thrown) {
                                  if (thrown) std::rethrow_exception(thrown);
                              }));
    }

    void run_to_the_end() {
        loop.restart();
        loop.run_for(60s);
        BOOST_TEST(loop.stopped());
    }

    /// Something was done there after all that had been posted before.
    void wait_for_the_other_side() {
        std::promise<void> reached;
        boost::asio::post(beside.executor(), [&reached] { reached.set_value(); });
        reached.get_future().wait();
    }

    void emit() { cancel.emit(boost::asio::cancellation_type::terminal); }

    boost::asio::io_context loop;
    boost::asio::cancellation_signal cancel;
    side_loop beside{"beside"};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(run_on_suite, crossing_fixture)

BOOST_AUTO_TEST_CASE(work_runs_on_the_other_thread_and_its_value_comes_back) {
    kyc::test::run_coroutine(loop, crosses_and_comes_back(beside.executor()));
}

BOOST_AUTO_TEST_CASE(what_the_work_throws_is_thrown_to_the_caller) {
    kyc::test::run_coroutine(loop, carries_exceptions(beside.executor()));
}

BOOST_AUTO_TEST_CASE(a_call_cancelled_while_it_runs_ends_after_the_work_has) {
    cancelled_call call;
    spawn(call_that_is_cancelled(beside.executor(), call));
    loop.poll();
    wait_for_the_other_side();
    BOOST_TEST(call.begun);
    BOOST_TEST(!call.ended);
    emit();
    run_to_the_end();
    BOOST_TEST(call.aborted);
    BOOST_TEST(call.ended);
}

BOOST_AUTO_TEST_CASE(a_call_cancelled_before_the_other_thread_began_ends_too) {
    std::promise<void> go_on;
    boost::asio::post(beside.executor(), [blocked = go_on.get_future().share()] { blocked.wait(); });
    cancelled_call call;
    spawn(call_that_is_cancelled(beside.executor(), call));
    loop.poll();
    emit();
    emit();
    go_on.set_value();
    run_to_the_end();
    BOOST_TEST(call.aborted);
    BOOST_TEST(call.ended);
}

BOOST_AUTO_TEST_CASE(a_call_of_a_cancelled_coroutine_never_crosses) {
    cancelled_call call;
    bool aborted = false;
    auto body = [](crossing_fixture& test, cancelled_call& of, bool& threw) -> awaitable<void> {
        co_await sleep_for(1ms); // a coroutine that never suspended cannot end once it is cancelled: Asio posts it then
        test.emit();
        try {
            co_await run_on(test.beside.executor(), sleep_long(of.frames, of.begun));
        } catch (const boost::system::system_error& error) {
            threw = error.code() == boost::asio::error::operation_aborted;
        }
    };
    spawn(body(*this, call, aborted));
    run_to_the_end();
    BOOST_TEST(aborted);
    BOOST_TEST(!call.begun);
}

BOOST_AUTO_TEST_CASE(a_cancellation_that_comes_after_the_work_has_ended_takes_nothing_away) {
    int got = 0;
    auto body = [](boost::asio::any_io_executor there, int& into) -> awaitable<void> {
        into = co_await run_on(there, at_once(7));
    };
    spawn(body(beside.executor(), got));
    loop.poll(); // the work is on its way
    wait_for_the_other_side();
    wait_for_the_other_side(); // it has ended there, and its value waits for the loop
    emit();
    wait_for_the_other_side();
    run_to_the_end();
    BOOST_TEST(got == 7);
}

BOOST_AUTO_TEST_CASE(a_shielded_call_is_not_cancelled) {
    std::string what;
    auto body = [](boost::asio::any_io_executor there, std::string& into) -> awaitable<void> {
        co_await begin_shield();
        auto came = co_await run_on(there, where_and_what("whole"));
        into = *came.second;
    };
    spawn(body(beside.executor(), what));
    loop.poll();
    emit();
    run_to_the_end();
    BOOST_TEST(what == "whole");
}

BOOST_AUTO_TEST_CASE(the_own_executor_does_as_well) {
    auto body = [](boost::asio::any_io_executor here) -> awaitable<void> {
        const auto value = co_await run_on(here, at_once(3));
        BOOST_TEST(value == 3);
    };
    kyc::test::run_coroutine(loop, body(loop.get_executor()));
}

BOOST_AUTO_TEST_CASE(many_cross_at_once_to_several_threads_and_a_cancellation_ends_them_all) {
    side_loop another("another");
    int crossed = 0;
    std::vector<cancelled_call> calls(200);
    task_group group(loop.get_executor(), [](const std::exception_ptr& thrown) { std::rethrow_exception(thrown); });
    for (std::size_t i = 0; i < calls.size(); ++i) {
        auto there = i % 2 == 0 ? beside.executor() : another.executor();
        group.spawn(swallow(there, crossed));
        group.spawn(call_that_is_cancelled(there, calls[i]));
    }
    const auto all_have_crossed = [&crossed] { return crossed >= 20 * 200; };
    while (!all_have_crossed())
        loop.run_one_for(60s);
    BOOST_TEST(group.size() >= calls.size());
    group.cancel();
    run_to_the_end();
    BOOST_TEST(group.size() == 0u);
    for (const auto& call : calls)
        BOOST_TEST((call.aborted && call.ended));
}

BOOST_AUTO_TEST_CASE(cancellations_that_race_with_the_end_do_no_harm) {
    for (int round = 0; round < 500; ++round) {
        int crossed = 0;
        task_group group(loop.get_executor(), [](const std::exception_ptr& thrown) { std::rethrow_exception(thrown); });
        group.spawn(swallow(beside.executor(), crossed));
        for (int i = 0; i < round % 50; ++i)
            loop.run_one_for(60s);
        group.cancel();
        run_to_the_end();
        BOOST_TEST(group.size() == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_side_loop_ends_what_was_posted_before_it_goes) {
    std::atomic<int> done = 0;
    {
        side_loop short_lived("short");
        for (int i = 0; i < 100; ++i)
            boost::asio::post(short_lived.executor(), [&done] { ++done; });
    }
    BOOST_TEST(done == 100);
}

BOOST_AUTO_TEST_CASE(a_side_loop_gets_no_signals_of_the_process) {
    sigset_t blocked;
    std::promise<void> looked;
    boost::asio::post(beside.executor(), [&] {
        ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        looked.set_value();
    });
    looked.get_future().wait();
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE})
        BOOST_TEST(::sigismember(&blocked, number) == 1);
    for (const int number : {SIGSEGV, SIGABRT, SIGBUS}) // crash_blame wants them
        BOOST_TEST(::sigismember(&blocked, number) == 0);
    sigset_t here;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &here);
    BOOST_TEST(::sigismember(&here, SIGTERM) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
