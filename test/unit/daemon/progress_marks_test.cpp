#include "async/blocking_pool.hpp"
#include "async/group_work.hpp"
#include "async/task_group.hpp"
#include "figures/progress_marks.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

using when = progress_mark::clock::time_point;

/// Far from 0, so that a mark that was never set shows.
const when start{1'000h};

bool is_still(const progress_mark& mark, when now, when since) {
    return mark.still_since(now) == since;
}

} // namespace

BOOST_AUTO_TEST_SUITE(progress_marks_test)

BOOST_AUTO_TEST_CASE(work_that_is_not_under_way_and_not_due_stands_still_for_nobody) {
    progress_mark mark;
    BOOST_TEST(!mark.still_since(start).has_value());
    { const progress_mark::stretch under_way(mark); }
    BOOST_TEST(!mark.still_since(start + 100h).has_value());
}

BOOST_AUTO_TEST_CASE(work_under_way_stands_still_since_its_last_step) {
    progress_mark mark;
    const progress_mark::stretch under_way(mark);
    mark.step(start);
    BOOST_TEST(is_still(mark, start + 5s, start));
    mark.step(start + 5s);
    BOOST_TEST(is_still(mark, start + 9s, start + 5s));
}

BOOST_AUTO_TEST_CASE(work_that_is_to_come_again_stands_still_since_it_was_due) {
    progress_mark mark;
    {
        progress_mark::again comes(mark);
        comes.due(start + 60s);
        BOOST_TEST(!mark.still_since(start + 59s).has_value());
        BOOST_TEST(is_still(mark, start + 61s, start + 60s));
        {
            const progress_mark::stretch under_way(mark);
            mark.step(start + 70s);
            BOOST_TEST(is_still(mark, start + 71s, start + 70s));
        }
        comes.due(start + 130s);
        BOOST_TEST(!mark.still_since(start + 129s).has_value());
    }
    BOOST_TEST(!mark.still_since(start + 100h).has_value()); // nobody is to do it any more
}

BOOST_AUTO_TEST_CASE(a_part_is_stuck_when_it_stands_still_for_longer_than_it_may) {
    progress_marks marks;
    std::optional<when> since;
    marks.watch("scan", 120s, [&since](when) { return since; });
    marks.watch("ledger", 60s, [](when) { return std::optional<when>(); });
    BOOST_TEST(marks.stuck(start).empty());
    since = start;
    BOOST_TEST(marks.stuck(start + 120s).empty());
    BOOST_TEST(marks.look(start + 120s).at(1).still_for.count() == 120);
    BOOST_TEST(marks.stuck(start + 121s) == "scan: has not moved for 121 s");
    const auto states = marks.look(start + 121s);
    BOOST_REQUIRE(states.size() == 3u);
    BOOST_TEST(states[0].name == "loop");
    BOOST_TEST(!states[0].stuck);
    BOOST_TEST(states[1].stuck);
    BOOST_TEST(!states[2].stuck);
}

BOOST_AUTO_TEST_CASE(a_loop_whose_beat_is_late_is_stuck) {
    boost::asio::io_context loop{1};
    progress_marks marks;
    async::task_group tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    tasks.spawn(marks.beat());
    loop.poll();
    const auto now = progress_mark::clock::now();
    BOOST_TEST(marks.stuck(now).empty());
    BOOST_TEST(marks.stuck(now + 5s).empty());
    BOOST_TEST(!marks.stuck(now + 60s).empty()); // as it would be if nothing had run meanwhile
    tasks.cancel();
    loop.run();
    BOOST_TEST(marks.stuck(now + 60s).empty()); // nobody marks it any more
}

BOOST_AUTO_TEST_CASE(a_round_that_does_not_end_is_seen_from_outside) {
    boost::asio::io_context loop{1};
    async::blocking_pool pool{1};
    async::group_work<int> work(loop.get_executor(), pool, {});
    std::mutex mutex;
    std::condition_variable bell;
    bool may_end = false;
    bool running = false;
    auto round = [&](const std::vector<int*>&) {
        std::unique_lock lock(mutex);
        running = true;
        bell.notify_all();
        bell.wait(lock, [&] { return may_end; });
    };
    async::task_group tasks(loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); });
    auto join = [&]() -> async::awaitable<void> { (void)co_await work.join(1, round); };
    work.leave(7);
    BOOST_TEST(!work.busy_since().has_value()); // nobody waits for what was left
    const auto before = progress_mark::clock::now();
    tasks.spawn(join());
    loop.poll();
    {
        std::unique_lock lock(mutex);
        bell.wait(lock, [&] { return running; });
    }
    const auto first = work.busy_since();
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST((*first >= before));
    tasks.spawn(join());
    loop.poll();
    BOOST_TEST((work.busy_since() == first)); // who comes later does not make it younger
    {
        const std::lock_guard lock(mutex);
        may_end = true;
        bell.notify_all();
    }
    loop.run();
    BOOST_TEST(!work.busy_since().has_value());
}

BOOST_AUTO_TEST_SUITE_END()
