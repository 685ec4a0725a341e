// The client against a server that behaves: requests, replies, keeping connections, stopping.
#include "unit/net/client_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

namespace kyc::net::test {
namespace {

void answer_for_ever(server_session& session, loopback_server* counted) {
    while (true) {
        const auto request = session.read_request();
        ++counted->requests;
        session.reply("\"" + request.target + "\"");
    }
}

// A server that answers everything with its target.
struct answering_server {
    explicit answering_server(const server_options& options)
        : server(options, [this](server_session& session) { answer_for_ever(session, &server); }) {}

    loopback_server server;
};

BOOST_FIXTURE_TEST_SUITE(https_client, client_fixture)

BOOST_AUTO_TEST_CASE(a_request_arrives_with_its_headers_and_the_reply_comes_back_whole) {
    kyc::test::received_request got;
    loopback_server server(options(), [&](server_session& session) {
        got = session.read_request();
        session.reply("{}", "429 Too Many Requests",
                      "Retry-After: 60\r\nLocation: /x\r\nDate: Fri, 20 Nov 2026 01:02:03 GMT\r\n");
        session.drain();
    });
    const auto connected = client(server.port());
    http_request request("GET", "/path?id=1");
    request.headers.emplace_back("Authorization", "Bearer x");
    const auto reply = send(*connected, request);
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 429);
    BOOST_TEST(reply->body == "{}");
    BOOST_TEST(reply->content_type == "application/json");
    BOOST_TEST(reply->retry_after.value() == "60");
    BOOST_TEST(reply->location.value() == "/x");
    BOOST_TEST(reply->date.value() == "Fri, 20 Nov 2026 01:02:03 GMT");
    BOOST_TEST(got.method == "GET");
    BOOST_TEST(got.target == "/path?id=1");
    BOOST_TEST(got.headers["host"] == "127.0.0.1:" + std::to_string(server.port()));
    BOOST_TEST(got.headers["user-agent"] == "kycd/test");
    BOOST_TEST(got.headers["accept"] == "application/json");
    BOOST_TEST(got.headers["accept-language"] == "en");
    BOOST_TEST(got.headers["authorization"] == "Bearer x");
    BOOST_TEST(got.headers.count("expect") == 0u);
}

BOOST_AUTO_TEST_CASE(a_body_of_many_buffers_arrives_byte_for_byte_with_its_exact_length) {
    kyc::test::received_request got;
    loopback_server server(options(), [&](server_session& session) {
        got = session.read_request();
        session.reply("1");
        session.drain();
    });
    std::vector<std::string> parts;
    std::string expected;
    for (std::size_t i = 0; i < 9; ++i) {
        std::string part(i % 2 == 0 ? 137 + i : 1'500'000 + 77 * i, '\0');
        for (std::size_t k = 0; k < part.size(); ++k)
            part[k] = static_cast<char>(k * 131 + (k >> 8) * 7 + i);
        expected += part;
        parts.push_back(std::move(part));
    }
    http_request request("POST", "/upload/");
    for (const auto& part : parts)
        request.body.emplace_back(part.data(), part.size());
    const auto connected = client(server.port());
    const auto reply = send(*connected, request);
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST(got.headers["content-length"] == std::to_string(expected.size()));
    BOOST_TEST(got.headers.count("transfer-encoding") == 0u);
    BOOST_TEST((got.body == expected));
    BOOST_TEST(connected->statistics().bytes_sent == expected.size());
}

BOOST_AUTO_TEST_CASE(one_connection_carries_request_after_request) {
    answering_server answering(options());
    auto& server = answering.server;
    const auto connected = client(server.port());
    for (int i = 0; i < 20; ++i)
        BOOST_REQUIRE(get(*connected).has_value());
    BOOST_TEST(server.requests == 20);
    BOOST_TEST(server.handshakes == 1);
    const auto numbers = connected->statistics();
    BOOST_TEST(numbers.requests == 20u);
    BOOST_TEST(numbers.connections == 1u);
    BOOST_TEST(numbers.handshakes == 1u);
    BOOST_TEST(numbers.resumed == 0u);
    BOOST_TEST(numbers.idle == 1u);
    BOOST_TEST(numbers.open == 1u);
    BOOST_TEST(numbers.bytes_received >= 20 * std::string("HTTP/1.1 200 OK").size());
    BOOST_TEST(numbers.bytes_received % 20 == 0u);
    connected->close_idle();
    BOOST_TEST(connected->statistics().idle == 0u);
    BOOST_TEST(connected->statistics().open == 0u);
    BOOST_TEST(eventually([&] { return server.ended == 1; }));
}

BOOST_AUTO_TEST_CASE(connections_are_bounded_and_requests_wait_their_turn) {
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    loopback_server server(options(), [&](server_session& session) {
        while (true) {
            (void)session.read_request();
            const int now = ++inside;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            --inside;
            session.reply("1");
        }
    });
    auto made = settings(server.port());
    made.max_connections = 2;
    const auto connected = client(made);
    const http_request request("GET", "/");
    std::vector<std::optional<outcome>> replies(30);
    for (auto& reply : replies)
        boost::asio::co_spawn(loop, send_into(*connected, request, reply), [](const std::exception_ptr& thrown) {
            if (thrown) std::rethrow_exception(thrown);
        });
    loop.run_for(30s);
    for (const auto& reply : replies)
        BOOST_REQUIRE((reply && reply->has_value()));
    BOOST_TEST(most <= 2);
    BOOST_TEST(server.connections == 2);
    BOOST_TEST(connected->statistics().idle == 2u);
}

BOOST_AUTO_TEST_CASE(a_session_is_taken_up_again_with_either_tls_version) {
    for (const int version : {0x0303, 0x0304}) {
        BOOST_TEST_CONTEXT("TLS version " << version) {
            auto made = options();
            made.newest_version = version;
            std::atomic<int> resumed{0};
            loopback_server server(made, [&](server_session& session) {
                resumed += session.resumed();
                (void)session.read_request();
                session.reply("1", "200 OK", "Connection: close\r\n");
                session.drain();
            });
            const auto connected = client(server.port());
            for (int i = 0; i < 5; ++i)
                BOOST_REQUIRE(get(*connected).has_value());
            BOOST_TEST(connected->statistics().handshakes == 5u);
            BOOST_TEST(connected->statistics().resumed == 4u);
            BOOST_TEST(resumed == 4);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_connection_that_the_server_closed_is_noticed_before_it_is_used) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request();
        session.reply("1");
        if (session.number() == 1)
            session.say_goodbye();
        else
            session.drain();
    });
    const auto connected = client(server.port());
    BOOST_REQUIRE(get(*connected).has_value());
    BOOST_REQUIRE(eventually([&] { return server.ended == 1; }));
    const auto reply = post(*connected, "body"); // would fail with "all sent" if the dead connection were used
    BOOST_TEST(reply.has_value());
    BOOST_TEST(connected->statistics().connections == 2u);
}

BOOST_AUTO_TEST_CASE(a_connection_is_not_used_longer_than_the_server_announces) {
    loopback_server server(options(), [](server_session& session) {
        while (true) {
            (void)session.read_request();
            session.reply("1", "200 OK",
                          session.number() == 1 ? "Keep-Alive: timeout=1\r\n" : "Keep-Alive: timeout=60, max=9\r\n");
        }
    });
    const auto connected = client(server.port());
    for (int i = 0; i < 4; ++i)
        BOOST_REQUIRE(get(*connected).has_value());
    BOOST_TEST(server.connections == 2);
}

BOOST_AUTO_TEST_CASE(a_get_on_a_kept_connection_that_dies_is_asked_again_once) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request();
        session.reply("1");
        (void)session.read_request(); // the second one is dropped, on whichever connection
    });
    const auto connected = client(server.port());
    BOOST_REQUIRE(get(*connected).has_value());
    BOOST_TEST(get(*connected).has_value());
    BOOST_TEST(server.connections == 2);
}

BOOST_AUTO_TEST_CASE(a_get_on_a_fresh_connection_that_dies_is_an_error) {
    loopback_server server(options(), [](server_session& session) { (void)session.read_request(); });
    const auto connected = client(server.port());
    const auto reply = get(*connected);
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::reset));
    BOOST_TEST((reply.error().sent == sent::all));
    BOOST_TEST(server.connections == 1);
}

BOOST_AUTO_TEST_CASE(a_post_takes_no_connection_that_has_lain_for_long) {
    loopback_server server(options(), [](server_session& session) {
        for (;;) {
            (void)session.read_request();
            session.reply("1");
        }
    });
    auto made = settings(server.port());
    made.post_patience = 0ms;
    const auto connected = client(made);
    BOOST_TEST(get(*connected).has_value());
    std::this_thread::sleep_for(2ms);
    BOOST_TEST(get(*connected).has_value());
    BOOST_TEST(server.connections == 1);
    std::this_thread::sleep_for(2ms);
    BOOST_TEST(post(*connected, "body").has_value());
    BOOST_TEST(server.connections == 2);
    BOOST_TEST(connected->statistics().idle == 1u);
}

BOOST_AUTO_TEST_CASE(a_post_on_a_kept_connection_that_dies_is_not_repeated) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request();
        session.reply("1");
        (void)session.read_request();
    });
    const auto connected = client(server.port());
    BOOST_REQUIRE(get(*connected).has_value());
    const auto reply = post(*connected, "body");
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::reset));
    BOOST_TEST((reply.error().sent == sent::all));
    BOOST_TEST(server.connections == 1);
}

BOOST_AUTO_TEST_CASE(a_cancelled_upload_closes_its_connection_and_gives_its_turn_back) {
    std::atomic<bool> uploading{false};
    loopback_server server(options(), [&](server_session& session) {
        (void)session.read_request(false);
        if (session.number() > 1) return session.reply("1");
        uploading = true;
        session.await_close();
    });
    auto made = settings(server.port());
    made.max_connections = 1;
    const auto connected = client(made);
    http_request request("POST", "/");
    request.body.emplace_back(huge_body().data(), huge_body().size());
    boost::asio::cancellation_signal stop;
    std::optional<outcome> never;
    std::exception_ptr thrown;
    boost::asio::co_spawn(
        loop, send_into(*connected, request, never),
        boost::asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& error) { thrown = error; }));
    while (!uploading && !thrown)
        loop.run_one_for(10ms);
    boost::asio::post(loop, [&] { stop.emit(boost::asio::cancellation_type::terminal); });
    loop.run_for(30s);
    BOOST_REQUIRE((thrown != nullptr));
    BOOST_TEST(!never.has_value());
    const auto aborted = [](const boost::system::system_error& error) {
        return error.code() == boost::asio::error::operation_aborted;
    };
    BOOST_CHECK_EXCEPTION(std::rethrow_exception(thrown), boost::system::system_error, aborted);
    BOOST_TEST(eventually([&] { return server.ended == 1; }));
    BOOST_TEST(connected->statistics().idle == 0u);
    loop.restart();
    BOOST_TEST(get(*connected).has_value());
}

BOOST_AUTO_TEST_CASE(uploads_side_by_side_bear_cancellations_and_a_reload) {
    answering_server answering(options());
    auto& server = answering.server;
    {
        const auto connected = client(server.port());
        const std::string body(300'000, 'x');
        http_request request("POST", "/upload/");
        request.body.emplace_back(body.data(), body.size());

        struct upload {
            boost::asio::cancellation_signal stop;
            std::optional<outcome> reply;
            bool ended = false;
        };

        std::vector<upload> uploads(120);
        std::size_t begun = 0;
        std::size_t ended = 0;
        std::function<void()> begin_one = [&] {
            if (begun == uploads.size()) return;
            auto& mine = uploads[begun++];
            boost::asio::co_spawn(loop, send_into(*connected, request, mine.reply),
                                  boost::asio::bind_cancellation_slot(mine.stop.slot(), [&](const std::exception_ptr&) {
                                      mine.ended = true;
                                      ++ended;
                                      begin_one();
                                  }));
        };
        for (int i = 0; i < 12; ++i)
            begin_one();
        loop.restart();
        for (std::size_t turn = 1; ended < uploads.size(); ++turn) {
            BOOST_REQUIRE(loop.run_one_for(30s) == 1u);
            if (begun == uploads.size() / 2 && turn % 2 == 0)
                BOOST_REQUIRE(connected->reconfigure(settings(server.port())).has_value());
            auto& victim = uploads[begun - 1 - turn % 12];
            if (turn % 5 == 0 && !victim.ended) victim.stop.emit(boost::asio::cancellation_type::terminal);
        }
        std::size_t answered = 0;
        for (const auto& each : uploads) {
            if (!each.reply) continue;
            BOOST_REQUIRE(each.reply->has_value());
            BOOST_TEST((*each.reply)->status == 200);
            ++answered;
        }
        BOOST_TEST(answered > 0u);
        BOOST_TEST(connected->statistics().requests >= answered);
        loop.run_for(30s);
        BOOST_TEST(loop.stopped());
    }
    BOOST_TEST(eventually([&] { return server.ended == server.connections; }));
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_for_a_reply_or_a_handshake_ends_at_once) {
    for (const bool in_handshake : {true, false}) {
        BOOST_TEST_CONTEXT((in_handshake ? "handshake" : "reply")) {
            std::atomic<bool> there{false};
            auto made = options();
            made.plain = in_handshake;
            loopback_server server(made, [&](server_session& session) {
                if (!in_handshake) (void)session.read_request();
                there = true;
                session.await_close();
            });
            const auto connected = client(server.port());
            const http_request request("GET", "/");
            boost::asio::cancellation_signal stop;
            std::optional<outcome> never;
            std::exception_ptr thrown;
            boost::asio::co_spawn(loop, send_into(*connected, request, never),
                                  boost::asio::bind_cancellation_slot(
                                      stop.slot(), [&](const std::exception_ptr& error) { thrown = error; }));
            loop.restart();
            while (!there && !thrown)
                loop.run_one_for(10ms);
            boost::asio::post(loop, [&] { stop.emit(boost::asio::cancellation_type::terminal); });
            loop.run_for(9s); // less than any time limit
            BOOST_TEST((thrown != nullptr));
            BOOST_TEST(loop.stopped());
            BOOST_TEST(eventually([&] { return server.ended == 1; }));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_name_that_does_not_resolve_sends_nothing) {
    auto made = settings(443);
    made.host = "no-such-host.invalid";
    const auto connected = client(made);
    const auto reply = get(*connected);
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::resolve));
    BOOST_TEST((reply.error().sent == sent::nothing));
    BOOST_TEST(reply.error().message.find("no-such-host.invalid") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_name_localhost_is_resolved_and_whichever_address_answers_is_used) {
    answering_server answering(options());
    auto made = settings(answering.server.port());
    made.host = "LocalHost"; // ::1 comes first on many systems, and nobody listens there
    const auto connected = client(made);
    BOOST_TEST(get(*connected).has_value());
    BOOST_TEST(get(*connected).has_value());
    BOOST_TEST(answering.server.connections == 1);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net::test
