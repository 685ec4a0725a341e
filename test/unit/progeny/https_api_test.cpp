#include "api_bench.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace kyc;
using namespace kyc::progeny;
using namespace kyc::test;
using namespace std::chrono_literals;
using kind = notice::kind;

BOOST_FIXTURE_TEST_SUITE(https_api_suite, api_bench)

BOOST_AUTO_TEST_CASE(an_accepted_submit_brings_the_task_id_and_sends_exactly_the_form) {
    client.on_call = [](const seen_request&) { return came(reply(200, receipt)); };
    run([this]() -> async::awaitable<void> {
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.action == action::accept));
        BOOST_TEST(got.task_id == "08bc1c34-7a3b-4d6e-9f2a-0123456789ab");
    });
    BOOST_REQUIRE(client.seen.size() == 2u);
    const auto& login = client.seen[0];
    BOOST_TEST(login.target == "/api/v3/accounts/token/obtain/");
    BOOST_TEST(login.authorization.empty());
    BOOST_TEST(login.body.find("name=\"username\"\r\n\r\noperator\r\n") != std::string::npos);
    BOOST_TEST(login.body.find(the_password) != std::string::npos);
    const auto& sent = client.seen[1];
    BOOST_TEST(sent.method == "POST");
    BOOST_TEST(sent.target == "/api/v3/services/ocr_card/");
    BOOST_TEST(sent.authorization == "Bearer access-1");
    BOOST_TEST(sent.content_type.starts_with("multipart/form-data; boundary="));
    const auto extend = sent.body.find("name=\"extend_data\"\r\n\r\nfalse\r\n");
    const auto front = sent.body.find("name=\"front_id\"; filename=\"front_id.png\"");
    const auto back = sent.body.find("name=\"back_id\"; filename=\"back_id.png\"");
    BOOST_REQUIRE(back != std::string::npos);
    BOOST_TEST(extend < front);
    BOOST_TEST(front < back);
    BOOST_TEST(api->health().submits_accepted == 1u);
}

BOOST_AUTO_TEST_CASE(a_200_without_an_id_is_an_unknown_outcome_that_is_held) {
    client.on_call = [](const seen_request&) { return came(reply(200, "{}")); };
    run([this]() -> async::awaitable<void> {
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.action == action::unknown_outcome));
        BOOST_TEST(got.ruling.hold);
    });
}

BOOST_AUTO_TEST_CASE(a_poll_names_the_task_percent_encoded) {
    run([this]() -> async::awaitable<void> {
        const auto got = co_await poll();
        BOOST_TEST((got.ruling.action == action::accept));
    });
    BOOST_TEST(client.seen.back().target == "/api/v3/services/task/?id=a%20b%2F1");
    BOOST_TEST(client.seen.back().method == "GET");
}

BOOST_AUTO_TEST_CASE(each_reply_and_each_renewal_is_counted_once) {
    int calls = 0;
    client.on_call = [&calls](const seen_request&) -> came {
        switch (++calls) {
        case 1:
            return reply(401); // refreshed, and replayed
        case 2:
            return reply(200, receipt);
        case 3:
            return transport_error(transport_problem::timeout, sent::all, "nothing came");
        default:
            return reply(200, receipt);
        }
    };
    run([this]() -> async::awaitable<void> {
        BOOST_TEST(!api->token_age().has_value());
        (void)co_await submit();
        (void)co_await submit("case-2");
        (void)co_await poll();
        BOOST_TEST(api->token_age().has_value());
    });
    using counts = std::map<std::pair<phase, std::string>, std::uint64_t>;
    const counts expected{{{phase::token, "200"}, 2},
                          {{phase::submit, "401"}, 1},
                          {{phase::submit, "200"}, 1},
                          {{phase::submit, "timeout"}, 1},
                          {{phase::poll, "200"}, 1}};
    BOOST_TEST((api->counted().responses() == expected));
    BOOST_TEST(api->counted().renewals(renewal::obtain, renewal_end::ok) == 1u);
    BOOST_TEST(api->counted().renewals(renewal::refresh, renewal_end::ok) == 1u);
    BOOST_TEST(api->counted().renewals(renewal::refresh, renewal_end::refused) == 0u);
}

BOOST_AUTO_TEST_CASE(a_refused_refresh_and_a_refused_login_are_counted_as_such) {
    client.on_call = [](const seen_request& r) {
        return r.authorization == "Bearer access-1" ? came(reply(401)) : came(reply(200, receipt));
    };
    client.on_refresh = [](const seen_request&) { return came(reply(401)); };
    int logins = 0;
    client.on_obtain = [this, &logins](const seen_request&) {
        return ++logins == 2 ? came(reply(401)) : client.fresh_pair();
    };
    run([this]() -> async::awaitable<void> {
        (void)co_await submit();
        (void)co_await submit();
    });
    BOOST_TEST(api->counted().renewals(renewal::refresh, renewal_end::refused) == 1u);
    BOOST_TEST(api->counted().renewals(renewal::obtain, renewal_end::refused) == 1u);
    BOOST_TEST(api->counted().renewals(renewal::obtain, renewal_end::ok) == 2u);
}

BOOST_AUTO_TEST_CASE(a_young_task_that_is_not_found_is_not_lost) {
    client.on_call = [](const seen_request&) { return came(reply(404)); };
    run([this]() -> async::awaitable<void> {
        const auto young = co_await poll(59s);
        BOOST_TEST((young.ruling.action == action::not_yet));
        const auto old = co_await poll(60s);
        BOOST_TEST((old.ruling.code == failure_code::task_lost));
    });
}

BOOST_AUTO_TEST_CASE(a_401_is_refreshed_once_and_the_call_replayed_with_the_same_body) {
    client.on_call = [](const seen_request& r) {
        return r.authorization == "Bearer access-1" ? came(reply(401)) : came(reply(200, receipt));
    };
    run([this]() -> async::awaitable<void> {
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.action == action::accept));
    });
    BOOST_TEST(client.count("/refresh/") == 1u);
    BOOST_TEST(client.count("/obtain/") == 1u);
    BOOST_REQUIRE(client.seen.size() == 4u);
    BOOST_TEST(client.seen[1].body == client.seen[3].body);
    BOOST_TEST(client.seen[3].authorization == "Bearer access-2");
    BOOST_TEST(client.seen[2].body.find("name=\"refresh\"\r\n\r\nrefresh-1\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_hundred_401s_at_once_make_one_refresh) {
    client.on_call = [](const seen_request& r) {
        return r.authorization == "Bearer access-1" ? came(reply(401)) : came(reply(200));
    };
    int accepted = 0;
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    run([&]() -> async::awaitable<void> {
        auto one = [](api_bench& self, int& count) -> async::awaitable<void> {
            const auto got = co_await self.poll();
            if (got.ruling.action == action::accept) ++count;
        };
        for (int i = 0; i < 100; ++i)
            group.spawn(one(*this, accepted));
        co_await group.join();
    });
    BOOST_TEST(accepted == 100);
    BOOST_TEST(client.count("/refresh/") == 1u);
    BOOST_TEST(client.count("/obtain/") == 1u);
}

BOOST_AUTO_TEST_CASE(a_refresh_without_a_clear_answer_is_followed_by_a_login_and_never_repeated) {
    const std::vector<came> ends{came(reply(500, "")), came(reply(401)), came(reply(200, "not json")),
                                 came(transport_error(transport_problem::timeout, sent::all, "be.example"))};
    for (const auto& end : ends) {
        api_bench own;
        own.client.on_refresh = [&](const seen_request&) { return end; };
        own.client.on_call = [](const seen_request& r) {
            return r.authorization == "Bearer access-1" ? came(reply(401)) : came(reply(200));
        };
        own.run([&]() -> async::awaitable<void> {
            const auto got = co_await own.poll();
            BOOST_TEST((got.ruling.action == action::accept));
        });
        BOOST_TEST(own.client.count("/refresh/") == 1u);
        BOOST_TEST(own.client.count("/obtain/") == 2u);
    }
}

BOOST_AUTO_TEST_CASE(a_renewal_outlives_the_caller_that_started_it) {
    client.hold_tokens = true;
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    run([&]() -> async::awaitable<void> {
        auto one = [](api_bench& self) -> async::awaitable<void> { (void)co_await self.poll(); };
        group.spawn(one(*this));
        while (client.seen.empty())
            co_await async::sleep_for(0ms);
        group.cancel();
        co_await group.join();
        client.hold_tokens = false;
        client.released.notify_all();
        const auto got = co_await poll();
        BOOST_TEST((got.ruling.action == action::accept));
    });
    BOOST_TEST(client.count("/obtain/") == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_login_pauses_everybody_and_is_tried_again_by_itself) {
    int refusals = 3;
    client.on_obtain = [&](const seen_request&) {
        if (refusals-- > 0) {
            return came(reply(401, R"({"detail": "No active account found with the given credentials"})"));
        }
        return client.fresh_pair();
    };
    run([this]() -> async::awaitable<void> {
        const auto got = co_await poll();
        BOOST_TEST((got.ruling.action == action::accept));
    });
    BOOST_TEST(client.count("/obtain/") == 4u);
    BOOST_TEST(said(kind::credentials_refused) == 1);
    BOOST_TEST(said(kind::credentials_accepted) == 1);
    BOOST_TEST(!api->health().credentials_refused);
}

BOOST_AUTO_TEST_CASE(a_login_that_brings_no_token_is_told_until_one_comes) {
    client.on_obtain = [](const seen_request&) { return came(reply(200, "<h1>hi</h1>")); };
    run([this]() -> async::awaitable<void> {
        BOOST_TEST(!api->health().no_token); // nobody asked
        (void)co_await api->login();
        const auto health = api->health();
        BOOST_TEST(health.no_token);
        BOOST_TEST(!health.credentials_refused);
        BOOST_TEST(health.why.find("no tokens") != std::string::npos);
        BOOST_TEST(health.since.has_value());
        client.on_obtain = [this](const seen_request&) { return client.fresh_pair(); };
        (void)co_await poll();
        BOOST_TEST(!api->health().no_token);
        BOOST_TEST(api->health().why.empty());
        BOOST_TEST(!api->health().since);
    });
}

BOOST_AUTO_TEST_CASE(login_says_whether_the_credentials_are_good) {
    client.on_obtain = [](const seen_request&) { return came(reply(401, R"({"detail": "No active account"})")); };
    run([this]() -> async::awaitable<void> {
        const auto refused = co_await api->login();
        BOOST_TEST(refused.reachable);
        BOOST_TEST(!refused.accepted);
        BOOST_TEST(refused.what.find("No active account") != std::string::npos);
        BOOST_TEST(api->health().credentials_refused);
        client.on_obtain = [this](const seen_request&) { return client.fresh_pair(); };
        api->try_again();
        const auto good = co_await api->login();
        BOOST_TEST(good.accepted);
        client.on_obtain = [](const seen_request&) {
            return came(transport_error(transport_problem::connect, sent::nothing, "be.example: refused"));
        };
        const auto away = co_await api->login();
        BOOST_TEST(!away.reachable);
        BOOST_TEST(away.what.find("could not connect") != std::string::npos);
    });
}

BOOST_AUTO_TEST_CASE(a_replay_refused_again_pauses_and_charges_nobody) {
    bool inactive = true;
    client.on_call = [&](const seen_request&) {
        return inactive ? came(reply(401, R"({"detail": "User is inactive", "code": "user_inactive"})"))
                        : came(reply(200));
    };
    run([&]() -> async::awaitable<void> {
        const auto got = co_await poll();
        BOOST_TEST((got.ruling.action == action::retry));
        BOOST_TEST(!got.charged);
        BOOST_TEST(got.what.find("disabled") != std::string::npos);
        BOOST_TEST(api->health().credentials_refused);
        const auto since = api->health().since;
        BOOST_REQUIRE(since);
        BOOST_TEST((*since > std::chrono::system_clock::now() - 1h));
        inactive = false;
        const auto again = co_await poll();
        BOOST_TEST((again.ruling.action == action::accept));
        BOOST_TEST(!api->health().since);
    });
    BOOST_TEST(said(kind::credentials_refused) == 1);
    BOOST_TEST(said(kind::credentials_accepted) == 1);
}

BOOST_AUTO_TEST_CASE(a_429_holds_everybody_for_as_long_as_it_says) {
    bool throttled = true;
    client.on_call = [&](const seen_request&) {
        if (!throttled) return came(reply(200));
        auto told = reply(429);
        told.date = "Sun, 06 Nov 1994 08:49:37 GMT";
        told.retry_after = "Sun, 06 Nov 1994 08:49:38 GMT";
        return came(told);
    };
    run([&]() -> async::awaitable<void> {
        const auto before = std::chrono::steady_clock::now();
        const auto got = co_await poll();
        BOOST_TEST((got.ruling.action == action::retry));
        BOOST_TEST((got.retry_after == 1000ms));
        BOOST_TEST(!got.charged);
        throttled = false;
        const auto other = co_await submit("another");
        BOOST_TEST((std::chrono::steady_clock::now() - before >= 1s));
        BOOST_TEST((other.ruling.action == action::unknown_outcome));
    });
}

BOOST_AUTO_TEST_CASE(a_volley_of_429s_is_one_refusal_and_charges_no_case) {
    client.on_call = [](const seen_request& r) {
        return came(reply(r.target.find("/ocr_card/") == std::string::npos ? 200 : 429));
    };
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    int charged = 0;
    run([&]() -> async::awaitable<void> {
        (void)co_await api->login();
        (void)co_await poll(); // somebody gets through
        retry_settings slow;
        slow.base = 100ms;
        slow.max = 60s;
        api->set_retry(slow);
        auto one = [](api_bench& self, int& count) -> async::awaitable<void> {
            const auto got = co_await self.submit();
            BOOST_TEST((got.ruling.action == action::retry));
            if (got.charged) ++count;
        };
        for (int i = 0; i < 8; ++i)
            group.spawn(one(*this, charged));
        co_await group.join();
    });
    BOOST_TEST(charged == 0);
    BOOST_REQUIRE(api->health().next_try.has_value());
    BOOST_TEST(api->health().next_try->count() <= 200); // one rest of twice the base, not eight doublings
}

BOOST_AUTO_TEST_CASE(an_outage_opens_the_breaker_probes_one_at_a_time_and_charges_no_case) {
    int down = 8;
    int in_flight_charges = 0;
    client.on_call = [&](const seen_request&) { return down-- > 0 ? came(reply(503)) : came(reply(200)); };
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    run([&]() -> async::awaitable<void> {
        (void)co_await api->login();
        auto one = [](api_bench& self, int& charged) -> async::awaitable<void> {
            while (true) {
                const auto got = co_await self.poll();
                if (got.ruling.action == action::accept) co_return;
                if (got.charged) ++charged;
            }
        };
        for (int i = 0; i < 5; ++i)
            group.spawn(one(*this, in_flight_charges));
        co_await group.join();
    });
    BOOST_TEST(in_flight_charges == 0);
    BOOST_TEST(said(kind::host_down) == 1);
    BOOST_TEST(said(kind::host_up) == 1);
    // Five that opened it, three probes that failed, the one that closed it, and the four others.
    BOOST_TEST(client.count("/task/") == 13u);
    BOOST_TEST(!api->health().host_down);
}

BOOST_AUTO_TEST_CASE(somebody_who_says_try_again_is_the_probes_signal) {
    bool down = true;
    client.on_call = [&](const seen_request&) {
        if (!down) return came(reply(200));
        return came(transport_error(transport_problem::connect, sent::nothing, "be.example: connection refused"));
    };
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    run([&]() -> async::awaitable<void> {
        (void)co_await api->login();
        retry_settings slow;
        slow.base = 10min;
        slow.max = 10min;
        api->set_retry(slow);
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i)
            (void)co_await poll();
        BOOST_TEST(api->health().host_down);
        auto one = [](api_bench& self) -> async::awaitable<void> {
            const auto got = co_await self.poll();
            BOOST_TEST((got.ruling.action == action::accept));
        };
        for (int i = 0; i < 3; ++i)
            group.spawn(one(*this));
        down = false;
        api->try_again();
        co_await group.join();
    });
    BOOST_TEST(said(kind::host_up) == 1);
}

BOOST_AUTO_TEST_CASE(cases_that_fail_for_their_own_sake_take_turns_at_trying_a_host_that_is_down) {
    client.on_call = [](const seen_request&) {
        return came(transport_error(transport_problem::connect, sent::nothing, "be.example: connection refused"));
    };
    std::vector<std::string> tried;
    async::task_group group(loop.get_executor(), [](const std::exception_ptr& e) { std::rethrow_exception(e); });
    run([&]() -> async::awaitable<void> {
        (void)co_await api->login();
        for (std::size_t i = 0; i < host_breaker::troubles_to_open; ++i)
            (void)co_await submit();
        BOOST_TEST(api->health().host_down);
        auto one = [](api_bench& self, std::vector<std::string>& order, std::string name) -> async::awaitable<void> {
            auto what = self.card(name);
            what.repeat = true;
            what.lane = kyc::lane::bulk;
            for (int i = 0; i < 3; ++i) {
                auto leave = co_await self.api->admit(caller(what.target, true, what.lane));
                BOOST_TEST(leave.probe());
                order.push_back(name);
                (void)co_await self.api->submit(what, std::move(leave));
            }
        };
        for (const std::string name : {"a", "b", "c"})
            group.spawn(one(*this, tried, name));
        co_await group.join();
    });
    const std::vector<std::string> expected{"a", "b", "c", "a", "b", "c", "a", "b", "c"};
    BOOST_TEST(tried == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_case_that_alone_keeps_failing_is_charged) {
    client.on_call = [](const seen_request& r) {
        if (r.method == "GET") return came(reply(200));
        return came(transport_error(transport_problem::reset, sent::part, "be.example: broken pipe"));
    };
    run([this]() -> async::awaitable<void> {
        (void)co_await submit("bad");
        for (int i = 0; i < 3; ++i) {
            (void)co_await poll();
            const auto got = co_await submit("bad");
            BOOST_TEST((got.ruling.action == action::retry));
            BOOST_TEST(got.charged);
        }
    });
    BOOST_TEST(said(kind::host_down) == 0);
}

BOOST_AUTO_TEST_CASE(five_413s_pause_the_service_and_a_probe_resumes_it) {
    int refusals = 6;
    client.on_call = [&](const seen_request& r) {
        if (r.method == "GET") return came(reply(200));
        return refusals-- > 0 ? came(reply(413, "<html>too large</html>")) : came(reply(200, receipt));
    };
    run([&]() -> async::awaitable<void> {
        for (int i = 0; i < 6; ++i) {
            const auto got = co_await submit();
            BOOST_TEST((got.ruling.code == failure_code::too_large_for_api));
            BOOST_TEST(said(kind::service_paused) == (i < 4 ? 0 : 1));
        }
        const auto asked = co_await poll();
        BOOST_TEST((asked.ruling.action == action::accept));
        const auto health = api->health();
        BOOST_TEST(!health.why.empty());
        BOOST_REQUIRE(health.paused.size() == 1u);
        BOOST_TEST(health.paused[0].service == "ocr_card");
        BOOST_TEST(health.paused[0].status == 413);
        BOOST_TEST(health.paused[0].why.find("413") != std::string::npos);
        BOOST_TEST(health.paused[0].next_try.has_value());
        BOOST_TEST(!health.next_try.has_value()); // polls go on
        BOOST_TEST(health.token_life.value_or(0ms).count() > 0);
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.action == action::accept));
    });
    BOOST_TEST(said(kind::service_resumed) == 1);
    BOOST_TEST(api->health().why.empty());
    BOOST_TEST(api->health().paused.empty());
}

BOOST_AUTO_TEST_CASE(a_redirect_is_named_without_its_query_and_not_followed) {
    client.on_call = [](const seen_request&) {
        auto told = reply(301, "");
        told.location = "https://user:pw@elsewhere.example/api?token=x";
        return came(told);
    };
    run([this]() -> async::awaitable<void> {
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.code == failure_code::api_refused));
        BOOST_TEST(got.what.find("https://elsewhere.example/api,") != std::string::npos);
        BOOST_TEST(got.what.find("token=x") == std::string::npos);
        BOOST_TEST(got.what.find("pw@") == std::string::npos);
    });
    BOOST_TEST(client.count("/services/") == 1u);
}

BOOST_AUTO_TEST_CASE(no_secret_is_ever_told_even_when_the_api_repeats_it) {
    client.on_obtain = [&, calls = 0](const seen_request&) mutable {
        if (calls++ > 0) return client.fresh_pair();
        return came(reply(401, R"({"detail": "bad password hunter2-very-secret"})"));
    };
    client.on_call = [](const seen_request& r) {
        return came(reply(400, R"({"detail": "you sent )" + r.authorization + R"(", "front_id": ["ERIKA"]})"));
    };
    run([this]() -> async::awaitable<void> {
        const auto login = co_await api->login();
        BOOST_TEST(login.what.find(the_password) == std::string::npos);
        BOOST_TEST(login.what.find("bad password ***") != std::string::npos);
        const auto got = co_await submit();
        BOOST_TEST((got.ruling.code == failure_code::rejected));
        BOOST_TEST(got.what.find("access-1") == std::string::npos);
        BOOST_TEST(got.what.find("ERIKA") == std::string::npos);
        BOOST_TEST(got.body.find("ERIKA") != std::string::npos);
    });
    for (const auto& one : notices)
        BOOST_TEST(one.message.find(the_password) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
