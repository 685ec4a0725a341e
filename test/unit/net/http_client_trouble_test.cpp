// The client against servers that misbehave: early, cut, slow, endless and senseless replies.
#include "unit/net/client_fixture.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kyc::net::test {
namespace {

// A port on which nobody listens: one that the system gave us a moment ago.
struct local_port {
    explicit local_port(bool listening) : socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        BOOST_REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
        BOOST_REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        if (listening) BOOST_REQUIRE(::listen(socket, 0) == 0);
    }

    ~local_port() { ::close(socket); }

    [[nodiscard]] std::uint16_t number() const { return ntohs(address.sin_port); }

    int socket;
    sockaddr_in address{};
};

void check(const outcome& got, transport_problem problem, sent how_much, std::string_view text = "") {
    BOOST_REQUIRE(got.has_error());
    const auto error = got.error();
    BOOST_TEST((error.problem == problem), "problem: " << to_string(error.problem) << ": " << error.message);
    BOOST_TEST((error.sent == how_much), "sent " << static_cast<int>(error.sent) << ": " << error.message);
    BOOST_TEST(error.message.find(text) != std::string::npos, error.message);
}

BOOST_FIXTURE_TEST_SUITE(https_client_trouble, client_fixture)

BOOST_AUTO_TEST_CASE(a_reply_that_comes_while_the_body_is_written_is_the_reply) {
    for (const auto* status : {"413 Request Entity Too Large", "401 Unauthorized"}) {
        BOOST_TEST_CONTEXT(status) {
            loopback_server server(options(), [&](server_session& session) {
                (void)session.read_request(false);
                session.reply("<html>", status, "Connection: close\r\n");
                session.say_goodbye();
                session.await_delivery();
            });
            const auto connected = client(server.port());
            const auto reply = post(*connected, huge_body());
            BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
            BOOST_TEST(reply->status == std::stoi(status));
            BOOST_TEST(reply->body == "<html>");
            BOOST_TEST(connected->statistics().idle == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(an_early_reply_of_a_server_that_neither_reads_nor_closes_is_found) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request(false);
        session.reply("{}", "401 Unauthorized");
        session.await_close();
    });
    auto made = settings(server.port());
    made.timeouts.idle = 3s;
    const auto connected = client(made);
    const auto reply = post(*connected, huge_body());
    BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
    BOOST_TEST(reply->status == 401);
    BOOST_TEST(connected->statistics().idle == 0u);
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_in_mid_upload_without_a_word_is_a_reset_with_a_part_sent) {
    loopback_server server(options(), [](server_session& session) { (void)session.read_request(false); });
    const auto connected = client(server.port());
    check(post(*connected, huge_body()), transport_problem::reset, sent::part);
}

BOOST_AUTO_TEST_CASE(a_server_that_stops_reading_runs_into_the_idle_limit) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request(false);
        session.await_close();
    });
    auto made = settings(server.port());
    made.timeouts.idle = 300ms;
    const auto connected = client(made);
    check(post(*connected, huge_body()), transport_problem::timeout, sent::part, "300 ms while sending");
}

BOOST_AUTO_TEST_CASE(an_upload_of_a_megabyte_that_stalls_is_known_not_to_have_left_as_a_whole) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request(false);
        session.await_close();
    });
    auto made = settings(server.port());
    made.timeouts.idle = 300ms;
    const auto connected = client(made);
    check(post(*connected, std::string(1 << 20, 'x')), transport_problem::timeout, sent::part);
}

BOOST_AUTO_TEST_CASE(a_compressed_reply_is_asked_for_again_or_judged_by_its_status) {
    std::atomic<const char*> status{"200 OK"};
    loopback_server server(options(), [&](server_session& session) {
        for (;;) {
            const auto request = session.read_request();
            if (request.headers.at("accept-encoding") != "identity") session.reply("", "500 Not As It Should Be");
            session.reply("\x1f\x8b...", status.load(), "Content-Encoding: gzip\xe9\r\n");
        }
    });
    const auto connected = client(server.port());
    check(get(*connected), transport_problem::bad_reply, sent::all, "(Content-Encoding: gzip?)");
    const auto receipt = post(*connected, "body");
    BOOST_REQUIRE_MESSAGE(receipt.has_value(), receipt.error().message);
    BOOST_TEST(receipt->status == 200);
    BOOST_TEST(receipt->coding == "gzip\xe9");
    BOOST_TEST(receipt->body == "\x1f\x8b...");
    status = "404 Not Found";
    const auto missing = get(*connected);
    BOOST_REQUIRE_MESSAGE(missing.has_value(), missing.error().message);
    BOOST_TEST(missing->status == 404);
}

BOOST_AUTO_TEST_CASE(a_cut_reply_is_a_reset_after_everything_was_sent) {
    for (const auto* start :
         {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"half\":", "HTTP/1.1 200 OK\r\nContent-Le",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"}) {
        for (const bool goodbye : {true, false}) {
            BOOST_TEST_CONTEXT(start << goodbye) {
                loopback_server server(options(), [&](server_session& session) {
                    (void)session.read_request();
                    session.send(start);
                    if (goodbye) session.say_goodbye();
                });
                const auto connected = client(server.port());
                check(post(*connected, "body"), transport_problem::reset, sent::all, "in the middle");
                BOOST_TEST(server.connections == 1);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reply_without_a_length_ends_with_close_notify_and_with_nothing_else) {
    for (const bool goodbye : {true, false}) {
        BOOST_TEST_CONTEXT(goodbye) {
            loopback_server server(options(), [&](server_session& session) {
                (void)session.read_request();
                session.send("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1}");
                if (goodbye) session.say_goodbye();
            });
            const auto connected = client(server.port());
            const auto reply = get(*connected);
            if (goodbye) {
                BOOST_REQUIRE(reply.has_value());
                BOOST_TEST(reply->body == "{\"a\":1}");
            } else {
                check(reply, transport_problem::bad_reply, sent::all, "close_notify");
            }
            BOOST_TEST(connected->statistics().idle == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(replies_in_every_lawful_form_are_understood) {
    struct row {
        const char* name;
        const char* text;
        const char* body;
        int status;
        std::size_t kept;
    };

    for (const auto& expected : {
             row{"chunked",
                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: t\r\n\r\n",
                 "abcde", 200, 1},
             row{"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", "ok", 200, 0},
             row{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", 200, 0},
             row{"no content", "HTTP/1.1 204 No Content\r\n\r\n", "", 204, 1},
             row{"interim",
                 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 200 "
                 "OK\r\nContent-Length: "
                 "2\r\n\r\nok",
                 "ok", 200, 1},
             row{"more than asked for", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", "ok", 200,
                 0},
             row{"redirect", "HTTP/1.1 301 Moved\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "", 301,
                 1},
         }) {
        for (const bool in_drops : {false, true}) {
            BOOST_TEST_CONTEXT(expected.name << in_drops) {
                loopback_server server(options(), [&](server_session& session) {
                    (void)session.read_request();
                    const std::string_view text = expected.text;
                    if (!in_drops)
                        session.send(text);
                    else
                        for (const char& c : text)
                            session.send({&c, 1});
                    session.drain();
                });
                const auto connected = client(server.port());
                const auto reply = get(*connected);
                BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
                BOOST_TEST(reply->status == expected.status);
                BOOST_TEST(reply->body == expected.body);
                if (!in_drops) BOOST_TEST(connected->statistics().idle == expected.kept);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reply_over_the_limits_is_refused_whether_it_says_its_length_or_not) {
    const std::string chunk(1 << 20, 'x');
    for (const auto* head :
         {"Content-Length: 8388609\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "\r\n",
          "H: ", "Transfer-Encoding: chunked\r\n\r\n5;", "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: "}) {
        BOOST_TEST_CONTEXT(head) {
            loopback_server server(options(), [&](server_session& session) {
                (void)session.read_request();
                session.send(std::string("HTTP/1.1 200 OK\r\n") + head);
                const std::string start = std::string_view(head).ends_with("chunked\r\n\r\n") ? "100000\r\n" : "";
                for (int i = 0; i < 9; ++i)
                    session.send(start + chunk + (start.empty() ? "" : "\r\n"));
                session.drain();
            });
            const auto connected = client(server.port());
            check(get(*connected), transport_problem::reply_too_large, sent::all);
            BOOST_TEST(connected->statistics().idle == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_reply_of_exactly_8_mib_is_taken) {
    const std::string body(8 << 20, 'x');
    loopback_server server(options(), [&](server_session& session) {
        (void)session.read_request();
        session.reply(body);
        session.drain();
    });
    const auto connected = client(server.port());
    const auto reply = get(*connected);
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST((reply->body == body));
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_a_bad_reply) {
    for (const auto* text : {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
                             "HTTP/1.1 101 Switching Protocols\r\n\r\n"}) {
        BOOST_TEST_CONTEXT(text) {
            loopback_server server(options(), [&](server_session& session) {
                (void)session.read_request();
                session.send(text);
                session.drain();
            });
            const auto connected = client(server.port());
            check(post(*connected, "body"), transport_problem::bad_reply, sent::all);
        }
    }
}

BOOST_AUTO_TEST_CASE(interim_replies_without_end_are_a_bad_reply) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request();
        while (true)
            session.send("HTTP/1.1 100 Continue\r\n\r\n");
    });
    const auto connected = client(server.port());
    check(get(*connected), transport_problem::bad_reply, sent::all);
}

BOOST_AUTO_TEST_CASE(a_silent_server_runs_into_the_idle_limit) {
    for (const auto* start : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
        loopback_server server(options(), [&](server_session& session) {
            (void)session.read_request();
            session.send(start);
            session.await_close();
        });
        auto made = settings(server.port());
        made.timeouts.idle = 2s;
        const auto connected = client(made);
        check(post(*connected, "body"), transport_problem::timeout, sent::all,
              *start == '\0' ? "2 s while waiting for the reply" : "of the reply of 127.0.0.1");
    }
}

BOOST_AUTO_TEST_CASE(a_reply_in_drops_does_not_hold_its_connection_until_the_request_s_end) {
    for (const auto* start : {"", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
                              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
        BOOST_TEST_CONTEXT(start) {
            loopback_server server(options(), [&](server_session& session) {
                (void)session.read_request();
                session.send(start);
                const std::string endless = *start == '\0' ? "HTTP/1.1 200 " : "1\r\nx\r\n";
                for (std::size_t i = 0;; ++i) {
                    session.send({&endless[std::min(i, endless.size() - 1)], 1});
                    std::this_thread::sleep_for(5ms);
                }
            });
            auto made = settings(server.port());
            made.timeouts.idle = 2s;
            made.timeouts.request = 55s;
            const auto connected = client(made);
            check(get(*connected), transport_problem::timeout, sent::all, "less than 4 KiB of the reply");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_slow_reply_that_goes_on_may_take_longer_than_the_idle_limit) {
    const std::string body(26 * 4096, 'x');
    loopback_server server(options(), [&](server_session& session) {
        (void)session.read_request();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        for (std::size_t at = 0; at < body.size(); at += 4096) {
            session.send(std::string_view(body).substr(at, 4096));
            std::this_thread::sleep_for(250ms);
        }
        session.drain();
    });
    auto made = settings(server.port());
    made.timeouts.idle = 6s;
    const auto connected = client(made);
    const auto reply = get(*connected);
    BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
    BOOST_TEST((reply->body == body));
}

BOOST_AUTO_TEST_CASE(a_reply_in_drops_outlives_the_idle_limit_but_not_that_of_the_request) {
    loopback_server server(options(), [](server_session& session) {
        (void)session.read_request();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while (true) {
            session.send("x");
            std::this_thread::sleep_for(5ms);
        }
    });
    auto made = settings(server.port());
    made.timeouts.idle = 5s;
    made.timeouts.request = 3s;
    const auto connected = client(made);
    check(get(*connected), transport_problem::timeout, sent::all, "took longer than 3 s");
}

BOOST_AUTO_TEST_CASE(a_refused_connection_sends_nothing) {
    const local_port nobody(false);
    const auto connected = client(nobody.number());
    check(post(*connected, "body"), transport_problem::connect, sent::nothing, "refused");
}

BOOST_AUTO_TEST_CASE(a_connection_that_nobody_takes_runs_into_the_connect_limit) {
    const local_port full(true);
    // Two in the queue of a backlog of 0; the next SYN is dropped.
    std::vector<int> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        (void)::connect(waiting.back(), reinterpret_cast<const sockaddr*>(&full.address), sizeof full.address);
    }
    auto made = settings(full.number());
    made.timeouts.connect = 1s;
    const auto connected = client(made);
    check(post(*connected, "body"), transport_problem::timeout, sent::nothing, "no answer within 1000 ms");
    for (const int socket : waiting)
        ::close(socket);
}

BOOST_AUTO_TEST_CASE(a_server_that_never_shakes_hands_runs_into_the_handshake_limit) {
    auto plain = options();
    plain.plain = true;
    loopback_server server(plain, [](server_session& session) { session.await_close(); });
    auto made = settings(server.port());
    made.timeouts.handshake = 200ms;
    const auto connected = client(made);
    check(post(*connected, "body"), transport_problem::timeout, sent::nothing, "handshake");
}

BOOST_AUTO_TEST_CASE(a_stop_ends_what_waits_for_its_connection_and_lets_nothing_more_begin) {
    std::atomic<bool> taken = false;
    auto plain = options();
    plain.plain = true;
    loopback_server server(plain, [&taken](server_session& session) {
        taken = true;
        session.await_close();
    });
    const auto connected = client(server.port()); // whose limits are far longer than the test may take
    boost::asio::steady_timer look(loop);
    std::function<void()> stop_once_taken = [&] {
        if (taken) return connected->stop_opening();
        look.expires_after(1ms);
        look.async_wait([&](const boost::system::error_code&) { stop_once_taken(); });
    };
    stop_once_taken();
    check(post(*connected, "body"), transport_problem::cancelled, sent::nothing, "kycd stops");
    check(get(*connected), transport_problem::cancelled, sent::nothing, "kycd stops");
    BOOST_TEST(connected->statistics().connections == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net::test
