#include "async/worker_threads.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <sys/resource.h>
#include <unistd.h>

using kyc::async::worker_threads;

BOOST_AUTO_TEST_SUITE(worker_threads_)

BOOST_AUTO_TEST_CASE(what_is_queued_is_run_before_the_end) {
    std::atomic<int> done = 0;
    {
        worker_threads threads(3);
        for (int i = 0; i < 1000; ++i)
            threads.post([&done] { ++done; });
    }
    BOOST_TEST(done == 1000);
}

BOOST_AUTO_TEST_CASE(one_thread_keeps_the_order_and_takes_what_cannot_be_copied) {
    std::vector<int> order;
    {
        worker_threads threads(1);
        for (int i = 0; i < 100; ++i)
            threads.post([&order, number = std::make_unique<int>(i)] { order.push_back(*number); });
    }
    BOOST_REQUIRE(order.size() == 100u);
    for (int i = 0; i < 100; ++i)
        BOOST_TEST(order[static_cast<std::size_t>(i)] == i);
}

BOOST_AUTO_TEST_CASE(work_that_waits_for_other_work_finds_a_thread_and_may_post_itself) {
    std::promise<void> met;
    std::atomic<bool> posted = false;
    {
        worker_threads threads(2);
        threads.post([&met] { met.get_future().wait(); });
        threads.post([&met] { met.set_value(); });
        threads.post([&threads, &posted] { threads.post([&posted] { posted = true; }); });
    }
    BOOST_TEST(posted);
}

BOOST_AUTO_TEST_CASE(they_stand_behind_the_threads_of_the_program_as_far_as_they_are_told) {
    const auto niceness = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
    const int own = niceness();
    std::promise<int> ordinary;
    std::promise<int> back;
    worker_threads first(1);
    worker_threads second(1, 3);
    first.post([&] { ordinary.set_value(niceness()); });
    second.post([&] { back.set_value(niceness()); });
    BOOST_TEST(ordinary.get_future().get() == own);
    BOOST_TEST(back.get_future().get() == std::min(own + 3, 19));
}

BOOST_AUTO_TEST_SUITE_END()
