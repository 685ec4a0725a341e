// What calls teach each other: the line for the pace, the retry budget, and how cases end.
#include "api_bench.hpp"
#include "core/outcome_watch.hpp"
#include "core/retry_budget.hpp"

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::progeny;
using namespace kyc::test;
using namespace std::chrono_literals;
using kind = notice::kind;

namespace {

/// Calls as the daemon makes them: leave, a place in the line, the call.
struct gate_bench : api_bench {
    async::task_group group{loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); }};
    bool fails = false;    ///< the uploads that are repeats
    bool is_silent = true; ///< ocr_card, see answer_all_but_cards()
    std::vector<api_reply> replies;
    std::vector<std::string> admitted; ///< by stand_in_line()

    /// Polls and first uploads get through.
    void answer_by_kind() {
        client.on_call = [this](const seen_request& r) {
            if (r.method == "GET" || !fails) return came(reply(200, receipt));
            return came(transport_error(transport_problem::reset, sent::part, "be.example: broken pipe"));
        };
    }

    async::awaitable<void> ask(bool repeat) {
        for (;;) {
            auto leave = co_await api->admit(caller(nullptr, repeat));
            const bool its_turn = co_await api->turn(caller(nullptr, repeat), leave, kyc::async::urgency::first);
            if (!its_turn) continue;
            poll_question what;
            what.task_id = "t" + std::to_string(replies.size());
            what.age = 90s;
            what.repeat = repeat;
            auto got = co_await api->poll(std::move(what), std::move(leave));
            replies.push_back(std::move(got));
            co_return;
        }
    }

    async::awaitable<void> send(bool repeat) {
        auto what = card("case-" + std::to_string(repeat ? 0 : replies.size() + 1));
        what.repeat = repeat;
        auto leave = co_await api->admit(caller(what.target, repeat));
        auto got = co_await api->submit(what, std::move(leave));
        replies.push_back(std::move(got));
    }

    /// Waits for leave, notes who got it, and makes no call: the next one may.
    async::awaitable<void> stand_in_line(caller who, std::string name) {
        const auto leave = co_await api->admit(who);
        BOOST_TEST(leave.probe());
        admitted.push_back(std::move(name));
    }

    /// What was spawned has come as far as it can.
    static async::awaitable<void> settle() {
        for (int i = 0; i < 5; ++i)
            co_await async::sleep_for(0ms);
    }

    async::awaitable<void> refuse_dropped_cases() {
        client.on_call = [](const seen_request&) { return came(reply(413)); };
        for (std::size_t i = 0; i < refusal_streak::refusals_to_pause; ++i)
            co_await send(false);
    }

    async::awaitable<void> bring_the_host_down() {
        retry_slowly(retry_settings{}.budget);
        client.on_call = [](const seen_request&) {
            return came(transport_error(transport_problem::connect, sent::nothing, "be.example: connection refused"));
        };
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i)
            co_await send(false);
        BOOST_TEST(api->health().host_down);
        api->try_again();
    }

    /// Those who come to let_all_try() while somebody tries, as they should go.
    const std::vector<std::string> in_order{"dropped", "dropped later", "dropped, a repeat", "old", "old, a repeat"};

    async::awaitable<void> let_all_try() {
        const auto* target = services.find("ocr_card");
        auto under_way = co_await api->admit(caller(target, false));
        BOOST_TEST(under_way.probe());
        group.spawn(stand_in_line(caller(target, true, kyc::lane::bulk), "old, a repeat"));
        group.spawn(stand_in_line(caller(target, false, kyc::lane::bulk), "old"));
        group.spawn(stand_in_line(caller(target, true), "dropped, a repeat"));
        group.spawn(stand_in_line(caller(target, false), "dropped"));
        group.spawn(stand_in_line(caller(target, false), "dropped later"));
        co_await settle();
        BOOST_TEST(admitted.empty());
        under_way = admission();
        BOOST_TEST(!api->admits(caller(target, false, kyc::lane::bulk))); // the others are first
        co_await group.join();
    }

    /// ocr_card's submits are sent, and nobody answers.
    void answer_all_but_cards() {
        client.on_call = [this](const seen_request& r) {
            if (!is_silent || r.target.find("/ocr_card/") == std::string::npos) return came(reply(200, receipt));
            return came(transport_error(transport_problem::timeout, sent::all, "be.example: timed out"));
        };
    }

    /// So many submits of ocr_card at a time; each waits for its reply while a poll gets through.
    async::awaitable<void> send_while_others_get_through(std::size_t number) {
        const auto sent_before = client.count("/ocr_card/");
        const auto replied_before = replies.size();
        client.held = "/ocr_card/";
        for (std::size_t i = 0; i < number; ++i)
            group.spawn(send(false));
        while (client.count("/ocr_card/") < sent_before + number)
            co_await async::sleep_for(1ms);
        co_await ask(false);
        client.release();
        while (replies.size() <= replied_before + number)
            co_await async::sleep_for(1ms);
    }

    void retry_slowly(std::size_t budget) {
        retry_settings slow;
        slow.base = 10min;
        slow.max = 10min;
        slow.budget = budget;
        api->set_retry(slow);
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(gate_suite, gate_bench)

BOOST_AUTO_TEST_CASE(the_first_call_of_all_goes_alone_and_its_429_spares_the_others) {
    client.on_call = [](const seen_request&) {
        auto told = reply(429);
        told.retry_after = "600";
        return came(told);
    };
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        for (int i = 0; i < 5; ++i)
            group.spawn(ask(false));
        while (replies.empty())
            co_await async::sleep_for(1ms);
        for (int i = 0; i < 5; ++i)
            co_await async::sleep_for(0ms);
        BOOST_TEST(client.count("/task/") == 1u);
        BOOST_TEST(!replies[0].charged);
        BOOST_TEST(api->health().pace.resting_for > 590s);
        group.cancel();
        co_await group.join();
    });
}

BOOST_AUTO_TEST_CASE(who_stands_in_line_when_the_host_goes_down_is_sent_back_and_goes_when_it_is_up) {
    int down = 8;
    client.on_call = [&down](const seen_request&) {
        if (down-- <= 0) return came(reply(200));
        return came(transport_error(transport_problem::connect, sent::nothing, "be.example: connection refused"));
    };
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        for (int i = 0; i < 12; ++i)
            group.spawn(ask(false));
        co_await group.join();
    });
    BOOST_TEST(replies.size() == 12u);
    BOOST_TEST(said(kind::host_down) == 1);
    BOOST_TEST(said(kind::host_up) == 1);
    BOOST_TEST(client.count("/task/") == 12u);
}

BOOST_AUTO_TEST_CASE(a_limiters_503s_charge_no_case_and_cost_no_budget) {
    std::size_t calls = 0;
    // Each fourth gets through, and all do after the second row.
    client.on_call = [&calls](const seen_request&) {
        const auto number = calls++;
        return came(reply(number % 4 == 0 || number >= 8 ? 200 : 503, receipt));
    };
    std::size_t left = 0;
    run([&]() -> async::awaitable<void> {
        (void)co_await api->login();
        for (int i = 0; i < 8; ++i)
            co_await send(true);
        left = api->health().retry_budget_left;
        BOOST_TEST(api->health().pace.resting_for > 0ms);
        co_await ask(false);
    });
    for (const auto& one : replies)
        BOOST_TEST((one.ruling.action == action::accept || !one.charged));
    BOOST_TEST(said(kind::paced) == 1);
    BOOST_TEST(api->health().pace.calls_per_second.has_value());
    // Five of the six 503s came before it was known; two repeats that got through paid theirs back.
    BOOST_TEST(left == retry_settings{}.budget - 5 * retry_budget::cost + retry_budget::cost);
}

BOOST_AUTO_TEST_CASE(a_spent_budget_lets_one_repeat_at_a_time_and_every_first_try) {
    answer_by_kind();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_slowly(2 * retry_budget::cost);
        fails = true;
        co_await send(false); // costs nothing
        BOOST_TEST(api->health().retry_budget_left == 2 * retry_budget::cost);
        co_await send(true);
        BOOST_TEST(!api->health().repeats_held_back);
        co_await send(true);
        BOOST_TEST(api->health().repeats_held_back);
        const auto* target = services.find("ocr_card");
        BOOST_TEST(!api->admits(caller(target, true)));
        BOOST_TEST(!api->admits(caller(nullptr, true)));
        BOOST_TEST(api->admits(caller(target, false)));
        BOOST_TEST(api->admits(caller(nullptr, false)));
        fails = false;
        for (std::size_t i = 0; i < retry_budget::cost; ++i) {
            BOOST_TEST(said(kind::repeats_allowed) == 0);
            co_await ask(false);
        }
        BOOST_TEST(api->admits(caller(target, true)));
        co_await send(true);
        BOOST_TEST((replies.back().ruling.action == action::accept));
    });
    BOOST_TEST(said(kind::repeats_held_back) == 1);
    BOOST_TEST(said(kind::repeats_allowed) == 1);
    BOOST_TEST(api->health().retry_budget_left == 2 * retry_budget::cost);
}

BOOST_AUTO_TEST_CASE(a_leave_for_the_one_repeat_that_is_not_used_lets_the_next_one_go) {
    answer_by_kind();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_settings short_of_money;
        short_of_money.base = 4ms;
        short_of_money.max = 8ms;
        short_of_money.budget = retry_budget::cost;
        api->set_retry(short_of_money);
        fails = true;
        co_await send(true);
        BOOST_TEST(api->health().repeats_held_back);
        {
            const auto leave = co_await api->admit(caller(nullptr, true));
            BOOST_TEST(leave.probe());
            BOOST_TEST(!api->admits(caller(nullptr, true)));
        }
        BOOST_TEST(api->admits(caller(nullptr, true)));
        co_await ask(true);
        BOOST_TEST(!api->health().repeats_held_back);
    });
}

BOOST_AUTO_TEST_CASE(a_service_whose_cases_all_end_alike_pauses_until_one_ends_otherwise) {
    client.on_call = [](const seen_request&) { return came(reply(200, receipt)); };
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        const auto& target = *services.find("ocr_card");
        std::uint32_t era = 0;
        for (std::size_t i = 0; i < outcome_watch::cases_to_judge; ++i) {
            BOOST_TEST(said(kind::service_paused) == 0);
            co_await send(false);
            era = replies.back().era;
            api->ended(target, kyc::lane::live, era, "TASK_FAILED");
        }
        BOOST_TEST(said(kind::service_paused) == 1);
        BOOST_REQUIRE(api->health().paused.size() == 1u);
        BOOST_TEST(api->health().paused[0].why.find("TASK_FAILED") != std::string::npos);
        BOOST_TEST((api->health().paused[0].since > std::chrono::system_clock::now() - 1h));
        BOOST_TEST(!api->health().since); // the others go on
        BOOST_TEST(!api->admits(caller(&target, false)));
        BOOST_TEST(api->admits(caller(nullptr, false)));
        BOOST_TEST(api->admits(caller(services.find("face_liveness"), false)));
        api->try_again();
        co_await send(false);
        BOOST_TEST(replies.back().era > era);
        api->ended(target, kyc::lane::live, era, ""); // an earlier case's end says nothing about now
        BOOST_TEST(said(kind::service_resumed) == 0);
        api->ended(target, kyc::lane::live, replies.back().era, "");
        BOOST_TEST(said(kind::service_resumed) == 1);
        BOOST_TEST(api->admits(caller(&target, false)));
        BOOST_TEST(api->health().why.empty());
    });
}

BOOST_AUTO_TEST_CASE(what_old_cases_meet_pauses_a_service_for_them_alone) {
    bool refuses = true;
    client.on_call = [&refuses](const seen_request&) { return came(reply(refuses ? 413 : 200, receipt)); };
    run([this, &refuses]() -> async::awaitable<void> {
        (void)co_await api->login();
        const auto& target = *services.find("ocr_card");
        const caller dropped(&target, false);
        const caller again(&target, false, kyc::lane::bulk);
        const auto send_again = [this](const caller& who) -> async::awaitable<void> {
            auto what = card("case-" + std::to_string(replies.size() + 1));
            what.lane = who.lane;
            auto leave = co_await api->admit(who);
            auto got = co_await api->submit(what, std::move(leave));
            replies.push_back(std::move(got));
        };
        for (std::size_t i = 0; i < refusal_streak::refusals_to_pause; ++i) {
            BOOST_TEST(api->admits(again));
            co_await send_again(again);
        }
        BOOST_TEST(said(kind::service_paused) == 1);
        BOOST_TEST(!api->admits(again));
        BOOST_TEST(api->admits(dropped));
        BOOST_TEST(api->health().paused.empty());
        BOOST_TEST(api->health().paused_for_bulk.size() == 1u);
        BOOST_TEST(api->health().why.empty());
        // A dropped case's success says nothing about old ones.
        refuses = false;
        co_await send_again(dropped);
        BOOST_TEST(!api->admits(again));
        api->try_again();
        co_await send_again(again);
        BOOST_TEST(said(kind::service_resumed) == 1);
        BOOST_TEST(api->health().paused_for_bulk.empty());
        // What dropped cases meet holds for all, and an old case may be the one that tries again.
        refuses = true;
        for (std::size_t i = 0; i < refusal_streak::refusals_to_pause; ++i)
            co_await send_again(dropped);
        BOOST_TEST(!api->admits(dropped));
        BOOST_TEST(!api->admits(again));
        BOOST_TEST(api->health().paused.size() == 1u);
        BOOST_TEST(api->health().paused_for_bulk.empty());
        api->try_again();
        refuses = false;
        co_await send_again(again);
        BOOST_TEST(api->admits(dropped));
        BOOST_TEST(api->health().paused.empty());
        // So too with how cases end.
        std::uint32_t era = 0;
        for (std::size_t i = 0; i < outcome_watch::cases_to_judge; ++i) {
            co_await send_again(again);
            era = replies.back().era;
            api->ended(target, kyc::lane::bulk, era, "TASK_FAILED");
        }
        BOOST_TEST(!api->admits(again));
        BOOST_TEST(api->admits(dropped));
    });
}

BOOST_AUTO_TEST_CASE(an_old_case_that_tries_for_all_puts_the_next_try_off) {
    client.on_call = [](const seen_request&) { return came(reply(200, receipt)); };
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        const auto& target = *services.find("ocr_card");
        const caller again(&target, false, kyc::lane::bulk);
        for (std::size_t i = 0; i < outcome_watch::cases_to_judge; ++i) {
            co_await send(false);
            api->ended(target, kyc::lane::live, replies.back().era, "TASK_FAILED");
        }
        api->try_again();
        BOOST_TEST(api->admits(again));
        auto what = card("again");
        what.lane = kyc::lane::bulk;
        auto leave = co_await api->admit(again);
        auto got = co_await api->submit(what, std::move(leave));
        BOOST_TEST((got.ruling.action == action::accept));
        BOOST_TEST(!api->admits(again)); // how that one ends is not known yet
    });
}

BOOST_AUTO_TEST_CASE(dropped_cases_try_a_paused_service_before_old_ones_and_first_tries_go_before_repeats) {
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        co_await refuse_dropped_cases();
        co_await let_all_try();
    });
    BOOST_TEST(admitted == in_order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(dropped_cases_try_a_host_that_is_down_before_old_ones_and_first_tries_go_before_repeats) {
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        co_await bring_the_host_down();
        co_await let_all_try();
    });
    BOOST_TEST(admitted == in_order, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_one_repeat_of_a_spent_budget_is_a_dropped_cases_before_an_old_ones) {
    answer_by_kind();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_settings short_of_money;
        short_of_money.base = 4ms;
        short_of_money.max = 8ms;
        short_of_money.budget = retry_budget::cost;
        api->set_retry(short_of_money);
        fails = true;
        co_await send(true);
        BOOST_TEST(api->health().repeats_held_back);
        const auto* target = services.find("ocr_card");
        auto under_way = co_await api->admit(caller(nullptr, true));
        group.spawn(stand_in_line(caller(target, true, kyc::lane::bulk), "old"));
        group.spawn(stand_in_line(caller(target, true), "dropped"));
        co_await settle();
        under_way = admission();
        co_await group.join();
    });
    const std::vector<std::string> expected{"dropped", "old"};
    BOOST_TEST(admitted == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(who_gave_way_to_one_that_is_cancelled_goes_itself) {
    async::task_group cancelled(loop.get_executor(), [](const std::exception_ptr&) {});
    run([this, &cancelled]() -> async::awaitable<void> {
        (void)co_await api->login();
        co_await refuse_dropped_cases();
        const auto* target = services.find("ocr_card");
        auto under_way = co_await api->admit(caller(target, false));
        group.spawn(stand_in_line(caller(target, false, kyc::lane::bulk), "old"));
        cancelled.spawn(stand_in_line(caller(target, false), "dropped"));
        co_await settle();
        under_way = admission();
        cancelled.cancel();
        co_await group.join();
        co_await cancelled.join();
    });
    const std::vector<std::string> expected{"old"};
    BOOST_TEST(admitted == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_old_case_tries_its_service_while_dropped_ones_wait_for_another) {
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        co_await refuse_dropped_cases();
        const auto* target = services.find("ocr_card");
        const auto* other = services.find("face_liveness");
        for (std::size_t i = 0; i < refusal_streak::refusals_to_pause; ++i) {
            auto what = card("old-" + std::to_string(i));
            what.target = other;
            what.lane = kyc::lane::bulk;
            auto leave = co_await api->admit(caller(other, false, kyc::lane::bulk));
            auto got = co_await api->submit(what, std::move(leave));
        }
        BOOST_TEST(api->health().paused_for_bulk.size() == 1u);
        auto under_way = co_await api->admit(caller(target, false));
        group.spawn(stand_in_line(caller(target, false), "dropped"));
        co_await settle();
        const auto leave = co_await api->admit(caller(other, false, kyc::lane::bulk));
        BOOST_TEST(leave.probe());
        BOOST_TEST(admitted.empty());
        under_way = admission();
        co_await group.join();
    });
    BOOST_TEST(admitted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_service_that_never_answers_pauses_alone_while_others_get_through) {
    answer_all_but_cards();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        const caller card(services.find("ocr_card"), false);
        co_await send_while_others_get_through(2 * host_breaker::troubles_to_open);
        BOOST_TEST(said(kind::host_down) == 0);
        BOOST_TEST(api->admits(card));
        co_await ask(false); // so it was not the host
        BOOST_TEST(!api->admits(card));
        BOOST_TEST(api->admits(caller(services.find("face_liveness"), false)));
        BOOST_TEST(api->admits(caller(nullptr, false)));
        BOOST_REQUIRE(api->health().paused.size() == 1u);
        BOOST_TEST(api->health().paused[0].why.find("timed out") != std::string::npos);
        BOOST_TEST(said(kind::service_paused) == 0); // one more try, which is the proof
        co_await send_while_others_get_through(1);
        BOOST_TEST(said(kind::service_paused) == 1);
        co_await send_while_others_get_through(1);
        BOOST_TEST(!api->admits(card));
        BOOST_TEST(said(kind::service_paused) == 1);
        is_silent = false;
        co_await send(false);
        BOOST_TEST(api->admits(card));
        BOOST_TEST(api->health().paused.empty());
        BOOST_TEST(api->health().pace.uploads_allowed > 4u); // its silence taught nothing about the API's workers
        co_await group.join();
    });
    BOOST_TEST(said(kind::service_resumed) == 1);
    BOOST_TEST(said(kind::host_down) == 0);
}

BOOST_AUTO_TEST_CASE(a_service_that_is_silent_while_nobody_gets_through_is_the_hosts_affair) {
    answer_all_but_cards();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_settings slow;
        slow.base = 10min;
        slow.max = 10min;
        for (std::size_t i = 0; i < silence_streak::silences_to_suspect; ++i) {
            co_await send(false);
            co_await ask(false);
        }
        BOOST_TEST(api->health().paused.size() == 1u);
        api->set_retry(slow);
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i) {
            BOOST_TEST(said(kind::host_down) == 0);
            co_await send(false);
        }
        BOOST_TEST(said(kind::host_down) == 1);
        BOOST_TEST(said(kind::service_paused) == 0);
    });
}

BOOST_AUTO_TEST_CASE(a_host_that_is_down_is_tried_by_those_last_whose_service_was_silent) {
    answer_all_but_cards();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_slowly(retry_settings{}.budget);
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i)
            co_await send(false);
        BOOST_TEST(said(kind::host_down) == 1);
        api->try_again();
        auto under_way = co_await api->admit(caller(services.find("ocr_card"), false));
        group.spawn(stand_in_line(caller(services.find("ocr_card"), false), "silent"));
        group.spawn(stand_in_line(caller(services.find("ocr_card"), false, kyc::lane::bulk), "silent and old"));
        group.spawn(stand_in_line(caller(services.find("face_liveness"), true), "other"));
        co_await settle();
        under_way = admission();
        co_await group.join();
    });
    const std::vector<std::string> expected{"other", "silent", "silent and old"};
    BOOST_TEST(admitted == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_the_host_is_up_again_a_service_that_was_silent_tries_once_and_nothing_is_said) {
    answer_all_but_cards();
    run([this]() -> async::awaitable<void> {
        (void)co_await api->login();
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i)
            co_await send(false);
        BOOST_TEST(said(kind::host_down) == 1);
        is_silent = false;
        co_await ask(false);
        BOOST_TEST(said(kind::host_up) == 1);
        BOOST_TEST(!api->admits(caller(services.find("ocr_card"), false)));
        co_await send(false);
        BOOST_TEST((replies.back().ruling.action == action::accept));
        BOOST_TEST(api->admits(caller(services.find("ocr_card"), false)));
    });
    BOOST_TEST(said(kind::service_paused) == 0);
    BOOST_TEST(said(kind::service_resumed) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
