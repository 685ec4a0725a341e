#include "async/task_group.hpp"
#include "life/fault_pause.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>

using namespace kyc;

namespace {

struct world {
    boost::asio::io_context loop;
    fault_pause pause{loop.get_executor(), [](const fault& met) {
                          return public_fault{met.what, met.what.starts_with("folder")};
                      }};
    async::task_group tasks{loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }};
    int returned = 0;

    async::awaitable<void> wait_as(fault_pause::waiter& who, int errno_value, std::string what = "write somewhere") {
        co_await who.wait(last_fault(errno_value, std::move(what)));
        ++returned;
    }

    async::awaitable<void> settle() {
        for (int turn = 0; turn < 10; ++turn)
            co_await boost::asio::post(boost::asio::use_awaitable);
    }

    /// Starts the wait and ends it at once, so that no test waits for real time.
    async::awaitable<void> meet(fault_pause::waiter& who, int errno_value, std::string what = "write somewhere") {
        tasks.spawn(wait_as(who, errno_value, std::move(what)));
        co_await settle();
        pause.wake();
        co_await tasks.join();
    }
};

async::awaitable<void> one_success_is_everybodys(world& w) {
    fault_pause::waiter first(w.pause);
    fault_pause::waiter second(w.pause);
    w.tasks.spawn(w.wait_as(first, ENOSPC));
    w.tasks.spawn(w.wait_as(second, ENOSPC));
    co_await w.settle();
    BOOST_TEST(w.pause.active());
    BOOST_TEST(w.returned == 0);
    w.pause.wake();
    co_await w.tasks.join();
    BOOST_TEST(w.pause.active()); // a wake is no success
    w.tasks.spawn(w.wait_as(second, ENOSPC));
    co_await w.settle();
    first.worked();
    co_await w.tasks.join(); // the second is woken without its time having come
    BOOST_TEST(!w.pause.active());
}

async::awaitable<void> others_that_work_show_that_not_all_are_held_up(world& w) {
    fault_pause::waiter bad(w.pause);
    fault_pause::waiter other(w.pause);
    BOOST_TEST(!w.pause.holds_up_all());
    co_await w.meet(bad, EIO);
    BOOST_TEST(w.pause.holds_up_all());
    other.worked();
    BOOST_TEST(!w.pause.holds_up_all());
    BOOST_TEST(w.pause.active()); // the bad one still waits
    co_await w.meet(bad, EIO);
    BOOST_TEST(w.pause.holds_up_all());
}

async::awaitable<void> a_changed_errno_ends_the_old_one(world& w) {
    fault_pause::waiter who(w.pause);
    co_await w.meet(who, ENOSPC);
    co_await w.meet(who, EACCES);
    who.worked();
    BOOST_TEST(!w.pause.active());
}

async::awaitable<void> giving_up_leaves_nothing_behind(world& w) {
    {
        fault_pause::waiter who(w.pause);
        co_await w.meet(who, EIO);
        BOOST_TEST(w.pause.active());
    }
    BOOST_TEST(!w.pause.active());
}

async::awaitable<void> over_too_early_begins_again(world& w) {
    fault_pause::waiter lucky(w.pause);
    fault_pause::waiter unlucky(w.pause);
    co_await w.meet(lucky, ENOSPC);
    co_await w.meet(unlucky, ENOSPC);
    lucky.worked();
    BOOST_TEST(!w.pause.active());
    co_await w.meet(unlucky, ENOSPC);
    BOOST_TEST(w.pause.active());
    unlucky.worked();
    BOOST_TEST(!w.pause.active());
}

async::awaitable<void> each_folder_has_its_own(world& w) {
    fault_pause::waiter first(w.pause);
    fault_pause::waiter second(w.pause);
    co_await w.meet(first, EACCES, "folder of cards");
    co_await w.meet(second, EACCES, "folder of passports");
    BOOST_REQUIRE(w.pause.count() == 2u);
    BOOST_TEST(w.pause.now()[0].what == "folder of cards");
    BOOST_TEST(w.pause.now()[1].what == "folder of passports");
    BOOST_TEST(!w.pause.holds_up_all());
    first.worked();
    BOOST_TEST(w.pause.count() == 1u);
    fault_pause::waiter other(w.pause);
    co_await w.meet(other, ENOSPC);
    BOOST_TEST(w.pause.holds_up_all());
    co_await w.meet(second, EACCES, "folder of passports");
    BOOST_TEST(w.pause.holds_up_all());
    other.worked();
    BOOST_TEST(!w.pause.holds_up_all());
    second.worked();
    BOOST_TEST(!w.pause.active());
}

} // namespace

BOOST_AUTO_TEST_SUITE(fault_pause_suite)

BOOST_AUTO_TEST_CASE(a_fault_of_one_folder_is_its_own_and_holds_up_nobody_else) {
    world w;
    test::run_coroutine(w.loop, each_folder_has_its_own(w));
}

BOOST_AUTO_TEST_CASE(one_bad_case_does_not_hold_up_the_others) {
    world w;
    test::run_coroutine(w.loop, others_that_work_show_that_not_all_are_held_up(w));
}

BOOST_AUTO_TEST_CASE(one_success_ends_the_fault_for_everybody) {
    world w;
    test::run_coroutine(w.loop, one_success_is_everybodys(w));
}

BOOST_AUTO_TEST_CASE(a_fault_that_becomes_another_is_over) {
    world w;
    test::run_coroutine(w.loop, a_changed_errno_ends_the_old_one(w));
}

BOOST_AUTO_TEST_CASE(a_waiter_that_gives_up_does_not_keep_the_fault_alive) {
    world w;
    test::run_coroutine(w.loop, giving_up_leaves_nothing_behind(w));
}

BOOST_AUTO_TEST_CASE(a_fault_that_was_thought_over_begins_again) {
    world w;
    test::run_coroutine(w.loop, over_too_early_begins_again(w));
}

BOOST_AUTO_TEST_SUITE_END()
