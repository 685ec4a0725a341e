#include "core/poll_learner.hpp"
#include "simulation/poll_world.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

using namespace kyc;
using namespace kyc::simulation;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t seeds = 8;

/// How many polls too many a plan takes, averaged over services that learnt from `before` and then 200 tasks of `law`.
double excess(const answer_law& before, std::size_t before_tasks, const answer_law& law) {
    const poll_settings rules;
    const best_plans best(law, rules);
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        polled_service service(rules, seed);
        service.live(before, before_tasks);
        service.live(law, 200);
        const auto bill = service.costs(law, 1500);
        sum += bill.polls / best.polls_for(bill.delay);
    }
    return sum / static_cast<double>(seeds);
}

random_unit middle() {
    return [] { return 0.5; };
}

/// A learner that knows a law.
poll_learner taught(const answer_law& law) {
    polled_service service(poll_settings{}, 1);
    service.live(law, 200);
    return service.learner;
}

poll_learner::clock::time_point later() {
    return poll_learner::clock::time_point{} + 1000h;
}

} // namespace

BOOST_AUTO_TEST_SUITE(polling_that_learns)

// The figures that the aim was set by.
BOOST_AUTO_TEST_CASE(the_best_plan_for_log_normal_answers_is_known) {
    const best_plans best(log_normal(), poll_settings{});
    const auto exponential = gaps_cost(log_normal(), 0.5, 1.6, 30, 100'000);
    BOOST_TEST(std::abs(exponential.polls - 4.3) < 0.1);
    BOOST_TEST(std::abs(exponential.delay - 1.76) < 0.03);
    BOOST_TEST(std::abs(best.polls_for(1.76) - 2.0) < 0.05);
    BOOST_TEST(std::abs(best.polls_for(1.07) - 2.8) < 0.07);
}

BOOST_AUTO_TEST_CASE(after_200_answers_the_plan_is_within_15_per_cent_of_the_best) {
    for (const auto& law : {narrow(), log_normal(), two_humps()})
        BOOST_TEST(excess(law, 0, law) < 1.15, law.name);
}

BOOST_AUTO_TEST_CASE(and_again_200_answers_after_a_shift) {
    BOOST_TEST(excess(log_normal().stretched(3), 300, log_normal()) < 1.15);
    BOOST_TEST(excess(log_normal().stretched(1.0 / 3), 300, log_normal()) < 1.15);
    BOOST_TEST(excess(narrow().stretched(3), 300, narrow()) < 1.15);
    BOOST_TEST(excess(two_humps(), 300, narrow()) < 1.15);
    BOOST_TEST(excess(narrow(), 300, log_normal()) < 1.15);
}

BOOST_AUTO_TEST_CASE(without_answers_the_exponential_plan_polls) {
    poll_settings rules;
    rules.jitter = 0;
    poll_learner learner;
    task_polls task(learner);
    auto age = 0ms;
    for (std::size_t i = 0; i < 12; ++i) {
        const auto wait = task.wait(rules, age, later(), middle());
        BOOST_TEST(wait.count() == poll_delay(rules, i, 0.5).count());
        age += wait;
        task.asked(false, age, age);
    }
}

BOOST_AUTO_TEST_CASE(a_first_poll_that_was_set_is_kept_and_nothing_learnt_is_used) {
    poll_settings rules;
    rules.jitter = 0;
    rules.first = 7s;
    auto learner = taught(narrow());
    task_polls task(learner);
    BOOST_TEST(task.wait(rules, 0ms, later(), middle()).count() == 7000);
    task.asked(false, 7s, 7s);
    BOOST_TEST(task.wait(rules, 7s, later(), middle()).count() == 500);
}

BOOST_AUTO_TEST_CASE(the_first_poll_comes_when_an_answer_is_likely) {
    auto learner = taught(narrow());
    task_polls task(learner);
    const auto wait = task.wait({}, 0ms, later(), middle());
    BOOST_TEST(wait > 4s);
    BOOST_TEST(wait < 5s);
}

BOOST_AUTO_TEST_CASE(every_gap_lies_between_min_and_max_and_grows_where_no_answer_ever_came) {
    poll_settings rules;
    std::mt19937_64 random(3);
    const random_unit unit = [&random] { return std::uniform_real_distribution<double>(0, 1)(random); };
    for (const auto& law : {narrow(), log_normal(), two_humps(), log_normal().stretched(100)}) {
        auto learner = taught(law);
        for (int i = 0; i < 50; ++i) {
            task_polls task(learner);
            auto age = 0ms;
            auto last = 0ms;
            while (age < 25min) {
                last = task.wait(rules, age, later(), unit);
                BOOST_REQUIRE(last >= rules.min);
                BOOST_REQUIRE(last <= rules.max);
                age += last;
                task.asked_in_vain();
            }
            BOOST_TEST(last > rules.max * 7 / 10);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_task_is_asked_for_at_its_deadline) {
    poll_settings rules;
    rules.deadline = 3s;
    auto learner = taught(narrow());
    task_polls task(learner);
    BOOST_TEST(task.wait(rules, 0ms, later(), middle()).count() == 3000);
    task.asked(false, 3s, 3s);
    BOOST_TEST(task.wait(rules, 3s, later(), middle()) >= rules.min);
}

BOOST_AUTO_TEST_CASE(after_a_restart_the_plan_goes_on_from_the_receipt) {
    poll_settings rules;
    auto learner = taught(narrow());
    task_polls fresh(learner);
    const auto whole = fresh.wait(rules, 0ms, later(), middle());
    task_polls taken_over(learner);
    BOOST_TEST((whole - taken_over.wait(rules, 3s, later(), middle())).count() == 3000);
    task_polls overdue(learner);
    BOOST_TEST(overdue.wait(rules, 1min, later(), middle()).count() == 0);
}

BOOST_AUTO_TEST_CASE(a_task_of_an_earlier_process_teaches_from_its_second_poll_on) {
    poll_learner learner;
    task_polls task(learner);
    task.asked(true, 10min, 1s);
    BOOST_TEST(learner.times.weight() == 0);
    task_polls other(learner);
    other.asked(false, 10min, 1s);
    other.asked(true, 11min, 61s);
    BOOST_TEST(learner.times.weight() == 1);
}

BOOST_AUTO_TEST_CASE(ten_thousand_tasks_without_an_answer_make_polls_rarer_at_once) {
    poll_settings rules;
    rules.jitter = 0;
    auto learner = taught(log_normal().stretched(5)); // 95 % within 75 s
    const auto polls_in_two_minutes = [&] {
        task_polls task(learner);
        auto age = 0ms;
        while (age < 2min) {
            age += task.wait(rules, age, later() + 1s * static_cast<int>(task.done()), middle());
            task.asked_in_vain();
        }
        return task.done();
    };
    const auto before = polls_in_two_minutes();
    for (int i = 0; i < 10'000; ++i)
        learner.times.waited(0s, 2min);
    learner.note();
    learner.replan(rules, later() + 1h);
    BOOST_TEST(polls_in_two_minutes() < before);
}

BOOST_AUTO_TEST_CASE(tasks_that_follow_others_are_not_asked_for_where_those_had_no_answer) {
    poll_settings rules;
    rules.jitter = 0;
    poll_learner learner;
    for (int i = 0; i < 100; ++i) {
        task_polls leader(learner);
        leader.asked(false, 20s, 20s);
    }
    task_polls follower(learner);
    const auto wait = follower.wait(rules, 0ms, later(), middle());
    BOOST_TEST(wait > 19s);
    BOOST_TEST(wait < 21s);
}

BOOST_AUTO_TEST_CASE(the_plan_is_made_anew_at_most_once_a_second) {
    auto learner = taught(narrow());
    learner.replan({}, later());
    const auto before = learner.next(0ms);
    for (int i = 0; i < 400; ++i) {
        learner.times.waited(0s, 9900ms);
        learner.times.answered(9900ms, 10'100ms);
        learner.note();
    }
    learner.replan({}, later() + 900ms);
    BOOST_TEST(learner.next(0ms)->count() == before->count());
    learner.replan({}, later() + 1s);
    BOOST_TEST(learner.next(0ms)->count() > 9'000);
    poll_settings other;
    other.max = 5s;
    learner.replan(other, later() + 1s);
    BOOST_TEST(learner.next(0ms)->count() <= 5'000);
}

BOOST_AUTO_TEST_CASE(what_is_new_is_kept_once) {
    poll_learner learner;
    BOOST_TEST(!learner.to_be_kept());
    task_polls task(learner);
    task.asked(false, 1s, 1s);
    BOOST_TEST(learner.to_be_kept());
    BOOST_TEST(!learner.to_be_kept());
}

BOOST_AUTO_TEST_SUITE_END()
