// Rounds of shared work: who is served by which, and when one begins.
#include "async/group_work.hpp"
#include "async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <stdexcept>

using namespace kyc::async;
namespace asio = boost::asio;

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// A round for each item: what it was asked, and the size of the round that served it.
struct asked {
    int number = 0;
    std::size_t served_with = 0;
};

struct shared_rounds {
    asio::io_context loop{1};
    blocking_pool pool{1};
    task_group callers{loop.get_executor(), [](const std::exception_ptr& thrown) { std::rethrow_exception(thrown); }};
    group_work<asked> work;
    std::vector<asked> answers{};

    struct round {
        void operator()(const std::vector<asked*>& items) const {
            for (auto* each : items)
                each->served_with = items.size();
        }
    };

    round serve{};

    explicit shared_rounds(gathering rules) : work(loop.get_executor(), pool, rules) {}

    awaitable<void> ask(int number) {
        asked mine{number, 0};
        answers.push_back(co_await work.join(mine, serve));
    }

    void begin(int number) { callers.spawn(ask(number)); }

    /// One caller alone and two together, so that the next ones come on the heels of a round of several.
    void run_some_before() {
        for (int i = 0; i < 3; ++i)
            begin(-i);
        loop.run();
        loop.restart();
        BOOST_REQUIRE(work.rounds() == 2u);
        answers.clear();
    }
};

constexpr gathering patient{3, hours(1), hours(1)};

} // namespace

BOOST_AUTO_TEST_SUITE(group_work_test)

BOOST_AUTO_TEST_CASE(after_a_quiet_time_the_first_waits_for_nobody) {
    shared_rounds rounds(patient);
    rounds.begin(1);
    rounds.loop.run(); // would take an hour
    BOOST_REQUIRE(rounds.answers.size() == 1u);
    BOOST_TEST(rounds.answers[0].number == 1);
    BOOST_TEST(rounds.answers[0].served_with == 1u);
}

BOOST_AUTO_TEST_CASE(nor_does_who_comes_on_the_heels_of_a_round_of_one) {
    shared_rounds rounds(patient);
    for (int i = 0; i < 3; ++i) {
        rounds.work.leave({-i, 0}); // nobody waits for it
        rounds.begin(i);
        rounds.loop.run(); // would take an hour
        rounds.loop.restart();
    }
    BOOST_TEST(rounds.work.rounds() == 3u);
}

BOOST_AUTO_TEST_CASE(who_comes_during_a_round_shares_the_next) {
    shared_rounds rounds({100, {}, {}});
    for (int i = 0; i < 5; ++i)
        rounds.begin(i);
    rounds.loop.run();
    BOOST_TEST(rounds.work.rounds() == 2u);
    BOOST_TEST(rounds.work.items() == 5u);
    BOOST_REQUIRE(rounds.answers.size() == 5u);
    BOOST_TEST(rounds.answers[0].served_with == 1u);
    BOOST_TEST(rounds.answers[4].served_with == 4u);
}

BOOST_AUTO_TEST_CASE(on_the_heels_of_a_round_the_next_waits_until_enough_have_come) {
    shared_rounds rounds(patient);
    rounds.run_some_before();
    for (int i = 1; i <= 3; ++i)
        rounds.begin(i);
    rounds.loop.run(); // with fewer it would take an hour
    BOOST_REQUIRE(rounds.answers.size() == 3u);
    for (const auto& each : rounds.answers)
        BOOST_TEST(each.served_with == 3u);
}

BOOST_AUTO_TEST_CASE(when_nobody_comes_any_more_it_begins) {
    shared_rounds rounds({100, milliseconds(1), hours(1)});
    rounds.run_some_before();
    rounds.begin(1);
    rounds.loop.run();
    BOOST_REQUIRE(rounds.answers.size() == 1u);
    BOOST_TEST(rounds.answers[0].served_with == 1u);
}

BOOST_AUTO_TEST_CASE(and_at_the_latest_after_the_longest_time) {
    shared_rounds rounds({100, hours(1), milliseconds(1)});
    rounds.run_some_before();
    rounds.begin(1);
    rounds.loop.run();
    BOOST_TEST(rounds.answers.size() == 1u);
}

BOOST_AUTO_TEST_CASE(another_leads_when_the_first_is_cancelled_while_it_waits_for_company) {
    shared_rounds rounds(patient);
    rounds.run_some_before();
    asio::cancellation_signal stop;
    std::exception_ptr thrown;
    const auto note = [&thrown](const std::exception_ptr& why) { thrown = why; };
    asio::co_spawn(rounds.loop, rounds.ask(1), asio::bind_cancellation_slot(stop.slot(), note));
    rounds.loop.poll();
    stop.emit(asio::cancellation_type::terminal);
    rounds.begin(2);
    rounds.begin(3);
    rounds.loop.run();
    BOOST_CHECK_THROW(std::rethrow_exception(thrown), boost::system::system_error);
    BOOST_REQUIRE(rounds.answers.size() == 2u);
    BOOST_TEST(rounds.answers[0].served_with == 3u); // the item of the first stays
}

BOOST_AUTO_TEST_CASE(what_is_left_goes_with_the_next_round_or_a_flush) {
    shared_rounds rounds(patient);
    rounds.work.leave({1, 0});
    rounds.begin(2);
    rounds.loop.run();
    BOOST_REQUIRE(rounds.answers.size() == 1u);
    BOOST_TEST(rounds.answers[0].served_with == 2u);

    rounds.work.leave({3, 0});
    rounds.loop.restart();
    rounds.callers.spawn(rounds.work.flush(rounds.serve));
    rounds.loop.run(); // waits for no company
    BOOST_TEST(rounds.work.items() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
