#include "core/outcome_watch.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;
using change = outcome_watch::change;

namespace {

const steady_time start{1000h};

struct watched {
    outcome_watch watch{60s, 15min};

    change end(std::string_view code, steady_time now = start) { return watch.ended(code, watch.submitting(now), now); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(outcome_watches, watched)

BOOST_AUTO_TEST_CASE(the_first_25_cases_with_one_code_pause_and_24_do_not) {
    for (int i = 0; i < 24; ++i)
        BOOST_TEST((end("NOT_FOUND") == change::none));
    BOOST_TEST(!watch.wait_until(start).has_value());
    BOOST_TEST((end("NOT_FOUND") == change::paused));
    BOOST_TEST(watch.code() == "NOT_FOUND");
    BOOST_TEST(watch.cases_with_code() == 25u);
    BOOST_TEST(watch.cases_judged() == 25u);
    BOOST_TEST((watch.wait_until(start) == start + 60s));
}

BOOST_AUTO_TEST_CASE(after_that_one_in_five_pauses_and_less_does_not) {
    for (int i = 0; i < 500; ++i)
        BOOST_TEST((end(i % 6 == 5 ? "TASK_FAILED" : "") == change::none));
    int paused_after = 0;
    for (int i = 0; i < 200 && paused_after == 0; ++i)
        if (end(i % 4 == 0 ? "TASK_FAILED" : "") == change::paused) paused_after = i + 1;
    BOOST_TEST(paused_after > 0);
    BOOST_TEST(paused_after < 100);
}

BOOST_AUTO_TEST_CASE(different_codes_are_not_added_up) {
    for (int i = 0; i < 300; ++i) {
        const std::string_view codes[] = {"FORBIDDEN", "", "TASK_FAILED", "", "TASK_LOST", "", "NOT_FOUND",
                                          "",          "", "API_REFUSED"};
        BOOST_TEST((end(codes[i % 10]) == change::none));
    }
}

BOOST_AUTO_TEST_CASE(tries_come_later_each_time_and_one_that_ends_well_resumes) {
    const auto first = watch.submitting(start);
    for (int i = 0; i < 25; ++i)
        end("FORBIDDEN");
    auto now = start + 60s;
    for (const auto next : {2min, 4min, 8min, 15min, 15min}) {
        BOOST_TEST(!watch.wait_until(now).has_value());
        BOOST_TEST(watch.take());
        BOOST_TEST((watch.wait_until(now) == until_notified));
        BOOST_TEST((end("FORBIDDEN", now) == change::none));
        watch.give_back();
        BOOST_TEST((watch.wait_until(now) == now + next));
        now += next;
    }
    // What was submitted before the pause says nothing about now.
    BOOST_TEST((watch.ended("", first, now) == change::none));
    BOOST_TEST((watch.ended("", 0, now) == change::none));
    BOOST_TEST(watch.is_paused());
    BOOST_TEST((end("", now) == change::resumed));
    BOOST_TEST(!watch.wait_until(now).has_value());
    BOOST_TEST(!watch.take());
    // It starts anew.
    for (int i = 0; i < 24; ++i)
        BOOST_TEST((end("FORBIDDEN", now) == change::none));
}

BOOST_AUTO_TEST_CASE(a_try_that_was_not_made_may_be_made_by_the_next) {
    for (int i = 0; i < 25; ++i)
        end("FORBIDDEN");
    const auto now = start + 60s;
    BOOST_TEST(watch.take());
    watch.give_back();
    BOOST_TEST(!watch.wait_until(now).has_value());
}

BOOST_AUTO_TEST_CASE(whoever_mended_the_cause_need_not_wait) {
    for (int i = 0; i < 25; ++i)
        end("FORBIDDEN");
    watch.try_now();
    BOOST_TEST(!watch.wait_until(start).has_value());
    BOOST_TEST(watch.is_paused());
}

BOOST_AUTO_TEST_SUITE_END()
