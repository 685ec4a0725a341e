#include "core/request_pace.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;
using change = request_pace::change;
using call = request_pace::kind;

namespace {

/// A pace on a virtual clock.
struct paced_calls {
    request_pace pace;
    steady_time now = steady_time{} + 1000h;
    std::size_t paced = 0;
    std::size_t unpaced = 0;
    std::size_t disbelieved = 0;

    /// Waits for the turn, and sends.
    steady_time send() {
        now = std::max(now, pace.ready_at(now));
        note(pace.sent(now));
        return now;
    }

    void note(change news) {
        paced += news == change::paced ? 1u : 0u;
        unpaced += news == change::unpaced ? 1u : 0u;
        disbelieved += news == change::disbelieved ? 1u : 0u;
    }

    void pass() {
        const auto sent_at = send();
        now += 1ms;
        pace.answered(call::poll, sent_at, now);
    }

    void refuse(std::optional<std::chrono::milliseconds> wait = 1s) {
        const auto sent_at = send();
        now += 1ms;
        pace.refused(sent_at, now, wait);
    }

    /// So many in a burst, and three that are too many.
    void fill(int count, std::optional<std::chrono::milliseconds> wait = 1s) {
        for (int i = 0; i < count; ++i)
            pass();
        const auto sent_at = now;
        for (int i = 0; i < 3; ++i)
            note(pace.sent(now));
        now += 1ms;
        for (int i = 0; i < 3; ++i)
            pace.refused(sent_at, now, wait);
    }

    /// Something got through, and then so many, half a second apart, did not.
    void row_of_503s(call of, int length) {
        pace.answered(of, send(), now);
        for (int i = 0; i < length; ++i) {
            now += 500ms;
            note(pace.unavailable(of, send(), now, 1, {}));
        }
    }

    /// Some seconds of so many each, and then three that are too many.
    void run_into_it(int a_second) {
        for (int i = 0; i < 3 * a_second; ++i) {
            pass();
            now += 1000ms / a_second - 1ms;
        }
        fill(0);
    }

    double rate() const { return pace.per_second().value_or(0); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(request_pace_suite, paced_calls)

BOOST_AUTO_TEST_CASE(there_is_no_pace_until_something_is_refused) {
    for (int i = 0; i < 1000; ++i) {
        BOOST_TEST((pace.ready_at(now) <= now));
        pass();
    }
    BOOST_TEST(!pace.per_second());
    BOOST_TEST(paced == 0u);
}

BOOST_AUTO_TEST_CASE(the_first_call_goes_alone_so_a_rest_that_was_forgotten_costs_one_refusal) {
    const auto first = send();
    BOOST_TEST((pace.ready_at(now) == first + 1s)); // when it never comes back
    now += 20ms;
    pace.refused(first, now, 600s);
    BOOST_TEST((pace.ready_at(now) == now + 600s));
    BOOST_TEST(paced == 0u);
    now += 600s;
    pass();
    BOOST_TEST((pace.ready_at(now) <= now));
    BOOST_TEST(!pace.per_second());
}

BOOST_AUTO_TEST_CASE(logins_before_the_first_call_teach_no_pace) {
    for (int i = 0; i < 5; ++i)
        pace.answered(call::token, now, now);
    pass();
    BOOST_TEST(!pace.per_second());
}

BOOST_AUTO_TEST_CASE(a_retry_after_holds_everybody_and_then_one_call_tries) {
    fill(20, 3s);
    const auto refused_at = now;
    BOOST_TEST((pace.ready_at(now) == refused_at + 3s));
    BOOST_TEST((pace.held_until() == refused_at + 3s));
    const auto tried = send();
    BOOST_TEST((tried == refused_at + 3s));
    BOOST_TEST((pace.ready_at(now) == tried + 1s)); // the others, when it never comes back
    now += 20ms;
    pace.answered(call::poll, tried, now);
    BOOST_TEST((pace.ready_at(now) < tried + 1s));
}

BOOST_AUTO_TEST_CASE(what_got_through_in_the_window_is_the_rate) {
    fill(20);
    pass();
    BOOST_TEST(paced == 1u);
    BOOST_TEST(rate() == 19.0, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(a_retry_after_of_most_of_a_minute_shows_a_window_of_a_minute) {
    fill(300, 59s);
    pass();
    BOOST_TEST(rate() == 4.75, boost::test_tools::tolerance(0.03));
}

BOOST_AUTO_TEST_CASE(without_a_retry_after_ever_longer_rests_show_the_window) {
    fill(300, std::nullopt);
    const auto filled_since = now - 301ms;
    std::size_t refused = 0;
    for (;;) {
        send();
        if (now >= filled_since + 60s) break;
        pace.refused(now, now + 1ms, std::nullopt);
        now += 1ms;
        ++refused;
    }
    BOOST_TEST(refused <= 5u);
    BOOST_TEST(rate() == 4.75, boost::test_tools::tolerance(0.03));
}

BOOST_AUTO_TEST_CASE(calls_of_a_pace_go_evenly) {
    fill(20);
    pass();
    auto before = send();
    for (int i = 0; i < 10; ++i) {
        const auto next = send();
        BOOST_TEST((next - before > 50ms));
        BOOST_TEST((next - before < 55ms));
        before = next;
    }
}

BOOST_AUTO_TEST_CASE(what_a_busy_loop_was_late_by_is_made_up_but_an_idle_hour_is_not) {
    fill(20);
    pass();
    const auto first = send();
    now = pace.ready_at(now) + 20ms;
    send();
    BOOST_TEST((send() - first < 110ms));
    now += 30min;
    std::size_t at_once = 0;
    while (pace.ready_at(now) <= now) {
        send();
        ++at_once;
    }
    BOOST_TEST(at_once <= 2u);
}

BOOST_AUTO_TEST_CASE(one_refusal_among_few_calls_teaches_no_pace) {
    pass();
    refuse();
    pass();
    BOOST_TEST(!pace.per_second());
    BOOST_TEST(paced == 0u);
}

BOOST_AUTO_TEST_CASE(calls_that_were_under_way_together_are_one_refusal) {
    fill(20);
    const auto sent_at = now - 1ms;
    pass();
    const auto settled = rate();
    pace.refused(sent_at, now, {});
    BOOST_TEST(rate() == settled);
    BOOST_TEST((pace.ready_at(now) < now + 100ms));
}

BOOST_AUTO_TEST_CASE(the_pace_climbs_by_use_and_is_dropped_far_above_the_limit) {
    run_into_it(20);
    pass();
    const auto begun = now;
    while (now < begun + 30s)
        pass();
    BOOST_TEST(rate() == 20.0, boost::test_tools::tolerance(0.06));
    while (pace.per_second() && now < begun + 10min)
        pass();
    BOOST_TEST(unpaced == 1u);
    BOOST_TEST((now - begun < 60s), "a limit that was never there, or is gone, must not cost minutes");
}

BOOST_AUTO_TEST_CASE(a_pace_from_a_sudden_burst_is_soon_found_to_be_too_low) {
    fill(6); // a bucket's
    pass();
    const auto begun = now;
    while (rate() < 20 && now < begun + 5min)
        pass();
    BOOST_TEST((now - begun < 30s));
    BOOST_TEST(unpaced == 0u);
}

BOOST_AUTO_TEST_CASE(an_idle_time_teaches_nothing_but_after_an_hour_a_refusal_is_forgotten) {
    fill(20);
    pass();
    now += 50min;
    pass();
    BOOST_TEST(rate() == 19.0, boost::test_tools::tolerance(0.02));
    now += 15min;
    pass();
    BOOST_TEST(!pace.per_second());
    BOOST_TEST(unpaced == 1u);
}

BOOST_AUTO_TEST_CASE(a_refusal_after_a_long_climb_costs_a_twentieth) {
    run_into_it(20);
    pass();
    const auto begun = now;
    while (now < begun + 40s)
        pass();
    const auto before = rate();
    refuse();
    pass();
    BOOST_TEST(rate() == 0.95 * before, boost::test_tools::tolerance(0.01));
    BOOST_TEST(paced == 1u);
}

BOOST_AUTO_TEST_CASE(a_503_among_many_calls_is_no_limiters) {
    for (int i = 0; i < 100; ++i) {
        pass();
        const auto sent_at = send();
        note(pace.unavailable(call::poll, sent_at, now, 12, {}));
    }
    BOOST_TEST(!pace.per_second());
    BOOST_TEST((pace.ready_at(now) <= now));
}

BOOST_AUTO_TEST_CASE(a_host_that_is_down_teaches_no_pace) {
    for (int i = 0; i < 10; ++i)
        pass();
    now += 5s;
    for (int i = 0; i < 10; ++i) {
        const auto sent_at = send();
        note(pace.unavailable(call::poll, sent_at, now, 1, {}));
    }
    BOOST_TEST(!pace.per_second());
    BOOST_TEST((pace.ready_at(now) <= now));
}

BOOST_AUTO_TEST_CASE(several_503s_while_others_get_through_are_a_limiters) {
    for (int i = 0; i < 20; ++i)
        pass();
    for (int i = 0; i < 3; ++i)
        note(pace.unavailable(call::poll, send(), now, 2, {}));
    BOOST_TEST((pace.ready_at(now) > now + 500ms));
    pass();
    BOOST_TEST(rate() == 19.0, boost::test_tools::tolerance(0.02));
}

BOOST_AUTO_TEST_CASE(a_503_that_comes_at_any_pace_is_no_limiters_after_all) {
    for (int i = 0; i < 20; ++i)
        pass();
    for (int i = 0; i < 3; ++i)
        note(pace.unavailable(call::poll, send(), now, 2, {}));
    for (int i = 0; i < 300 && disbelieved == 0; ++i) {
        pass();
        note(pace.unavailable(call::poll, send(), now, 2, {}));
    }
    BOOST_TEST(disbelieved == 1u);
    for (int i = 0; i < 30; ++i) {
        pass();
        note(pace.unavailable(call::poll, send(), now, 2, {}));
    }
    BOOST_TEST(paced == 1u);
}

BOOST_AUTO_TEST_CASE(a_limiter_of_a_call_in_a_second_shows_itself_in_the_second_row) {
    for (int i = 0; i < 3; ++i)
        row_of_503s(call::upload, 3);
    BOOST_TEST(pace.was_a_limiters());
    BOOST_TEST((pace.ready_at(now) >= now + 900ms));
    pass();
    BOOST_TEST(paced == 1u);
    BOOST_TEST(rate() < 1.1);
    BOOST_TEST(rate() > 0.2);
}

BOOST_AUTO_TEST_CASE(uploads_that_never_get_through_while_polls_do_are_no_limiters) {
    for (int i = 0; i < 20; ++i) {
        for (int each = 0; each < 4; ++each) {
            note(pace.unavailable(call::upload, send(), now, 1, {}));
            BOOST_TEST(!pace.was_a_limiters());
            now += 500ms;
        }
        pass();
    }
    BOOST_TEST(!pace.per_second());
}

BOOST_AUTO_TEST_CASE(a_late_answer_from_before_an_outage_does_not_make_it_a_limiters) {
    const auto before = send();
    now += 100ms;
    for (int i = 0; i < 12; ++i) {
        note(pace.unavailable(call::poll, send(), now, 2, {}));
        now += 500ms;
        if (i == 5) pace.answered(call::poll, before, now);
    }
    BOOST_TEST(!pace.was_a_limiters());
    BOOST_TEST((pace.ready_at(now) <= now));
}

BOOST_AUTO_TEST_CASE(a_limiters_503_that_names_a_time_is_obeyed) {
    for (int i = 0; i < 20; ++i)
        pass();
    for (int i = 0; i < 3; ++i)
        note(pace.unavailable(call::poll, send(), now, 2, 7s));
    BOOST_TEST((pace.held_until() == now + 7s));
}

BOOST_AUTO_TEST_CASE(a_429_that_says_at_once_is_a_429_that_names_no_time) {
    fill(20, 0s);
    BOOST_TEST((pace.held_until() == now + 1s));
    send();
    pace.refused(now, now, 0s);
    BOOST_TEST((pace.held_until() == now + 2s));
}

BOOST_AUTO_TEST_SUITE_END()
