#include "core/answer_times.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

/// The chance of more than so many seconds, as estimated.
double more_than(answer_times& times, std::chrono::milliseconds time) {
    times.estimate();
    return times.chance_of_more()[answer_times::point_before(time)];
}

} // namespace

BOOST_AUTO_TEST_SUITE(how_long_answers_take)

BOOST_AUTO_TEST_CASE(points_of_time_are_near_enough_to_each_other) {
    const auto& edges = answer_times::edges();
    BOOST_TEST(edges.front() == 0);
    BOOST_TEST(edges[1] == 0.1);
    BOOST_TEST(edges.back() > 80'000);
    BOOST_TEST(edges.size() < 400u);
    BOOST_TEST(answer_times::point_before(0ms) == 0u);
    BOOST_TEST(answer_times::point_before(99ms) == 0u);
    BOOST_TEST(answer_times::point_before(100ms) == 1u);
    BOOST_TEST(answer_times::point_before(1000h) == edges.size() - 1);
}

// Were the time of the poll taken for the time of the answer, the median would be 6 s.
BOOST_AUTO_TEST_CASE(an_answer_counts_between_the_polls_and_not_at_the_later_one) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> jitter(0, 6000);
    std::normal_distribution<double> answer(4000, 200);
    answer_times times;
    for (int i = 0; i < 300; ++i) {
        const auto at = std::chrono::milliseconds(std::llround(answer(random)));
        const auto first = std::chrono::milliseconds(std::llround(jitter(random)));
        if (at <= first) {
            times.answered(0ms, first);
        } else {
            times.waited(0ms, first);
            times.answered(first, first + 4s);
        }
    }
    BOOST_TEST(more_than(times, 3400ms) > 0.9);
    BOOST_TEST(more_than(times, 4600ms) < 0.1);
    BOOST_TEST(std::abs(more_than(times, 4s) - 0.5) < 0.25);
}

BOOST_AUTO_TEST_CASE(tasks_that_wait_count_before_any_of_them_is_answered) {
    answer_times times;
    for (int i = 0; i < 200; ++i)
        times.answered(3s, 5s);
    const auto known = times.weight();
    BOOST_TEST(more_than(times, 6s) < 0.05);
    for (int i = 0; i < 10'000; ++i)
        times.waited(0s, 60s);
    BOOST_TEST(more_than(times, 60s) > 0.5);
    BOOST_TEST(times.weight() < known / 10);
}

BOOST_AUTO_TEST_CASE(a_few_that_wait_change_little) {
    answer_times times;
    for (int i = 0; i < 200; ++i)
        times.answered(3s, 5s);
    for (int i = 0; i < 5; ++i)
        times.waited(0s, 60s);
    BOOST_TEST(more_than(times, 6s) < 0.15);
}

BOOST_AUTO_TEST_CASE(times_that_no_point_tells_apart_are_answers_all_the_same) {
    answer_times times;
    for (int i = 0; i < 50; ++i) {
        times.answered(0ms, 0ms);
        times.answered(5ms, 7ms);
        times.waited(7ms, 9ms);
        times.answered(1000h, 2000h);
        times.waited(2000h, 3000h);
    }
    BOOST_TEST(more_than(times, 200ms) < 0.1);
}

BOOST_AUTO_TEST_CASE(what_was_learnt_survives_as_text) {
    answer_times times;
    for (int i = 0; i < 40; ++i) {
        times.waited(0ms, 2500ms);
        times.answered(2500ms, 5s + std::chrono::milliseconds(100 * i));
    }
    const auto text = times.to_text();
    BOOST_TEST(text.size() < 8000u);
    answer_times again;
    BOOST_REQUIRE(again.read(text));
    BOOST_TEST(std::abs(again.weight() - times.weight()) < 0.1);
    BOOST_TEST(std::abs(more_than(again, 5s) - more_than(times, 5s)) < 0.02);
}

BOOST_AUTO_TEST_CASE(a_text_of_somebody_else_teaches_nothing) {
    for (const auto* text :
         {"", "null", "{}", "[1]", R"({"ratio":1.05,"answered":[],"waited":[]})",
          R"({"ratio":1.04,"answered":[[3,2,1]],"waited":[]})", R"({"ratio":1.04,"answered":[[0,9999,1]],"waited":[]})",
          R"({"ratio":1.04,"answered":[[0,2,1e300]],"waited":[]})", R"({"ratio":1.04,"answered":[[0,2]],"waited":[]})",
          R"({"ratio":1.04,"answered":[],"waited":["x"]})", R"({"ratio":1.04,"answered":[],"waited":[-1]})"}) {
        answer_times times;
        times.answered(1s, 2s);
        BOOST_TEST(!times.read(text));
        BOOST_TEST(times.weight() == 0);
    }
    answer_times times;
    BOOST_TEST(times.read(R"({"ratio":1.04,"answered":[[10,20,2.5]],"waited":[1,0.5]})"));
    BOOST_TEST(times.weight() == 2.5);
}

BOOST_AUTO_TEST_CASE(an_age_is_hopeless_while_many_tasks_pass_it_and_hardly_any_is_answered) {
    answer_times times;
    const auto point = [](std::chrono::milliseconds time) { return answer_times::point_before(time); };
    for (int i = 0; i < 10; ++i)
        times.waited(0s, 60s);
    times.estimate();
    BOOST_TEST(times.end_of_hopeless(0) == 0u);
    for (int i = 0; i < 30; ++i)
        times.waited(0s, 60s);
    times.estimate();
    BOOST_TEST(times.end_of_hopeless(0) == point(60s));
    BOOST_TEST(times.end_of_hopeless(point(30s)) == point(60s));
    BOOST_TEST(times.end_of_hopeless(point(90s)) == point(90s));
    for (int i = 0; i < 30; ++i)
        times.answered(0s, 5s);
    times.estimate();
    BOOST_TEST(times.end_of_hopeless(0) < point(5s));
}

BOOST_AUTO_TEST_SUITE_END()
