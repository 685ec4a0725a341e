// Whom the client trusts, who it says it is, and how it gets through a proxy.
#include "unit/net/client_fixture.hpp"

#include <boost/test/unit_test.hpp>

namespace kyc::net::test {
namespace {

struct tls_fixture : client_fixture {
    // What happens with a server certificate that is not as it should be: the request must not leave.
    void check_refused(const server_options& made, std::string_view reason, std::string_view second = "") {
        std::atomic<std::size_t> leaked{0};
        loopback_server server(made, [&](server_session& session) { leaked += session.drain(); });
        const auto connected = client(server.port());
        const auto reply = post(*connected, "secret body");
        BOOST_REQUIRE(reply.has_error());
        BOOST_TEST((reply.error().problem == transport_problem::tls), reply.error().message);
        BOOST_TEST((reply.error().sent == sent::nothing));
        BOOST_TEST(reply.error().message.find(reason) != std::string::npos, reply.error().message);
        BOOST_TEST(reply.error().message.find(second) != std::string::npos, reply.error().message);
        BOOST_TEST(eventually([&] { return server.ended == 1; }));
        BOOST_TEST(leaked == 0u);
        BOOST_TEST(connected->statistics().handshakes == 0u);
        BOOST_TEST(connected->statistics().bytes_sent == 0u);
    }

    server_options with(const kyc::test::certificate_request& wanted) const {
        server_options made;
        made.own = ca.issue(wanted);
        return made;
    }
};

void answer_once(server_session& session) {
    (void)session.read_request();
    session.reply("1");
    session.drain();
}

BOOST_FIXTURE_TEST_SUITE(https_client_tls, tls_fixture)

BOOST_AUTO_TEST_CASE(a_certificate_for_another_name_or_address_is_refused_and_says_whose_it_is) {
    kyc::test::certificate_request wanted;
    wanted.dns_names = {"be.example", "www.example"};
    wanted.ip_addresses = {"127.0.0.2"};
    check_refused(with(wanted),
                  "certificate verify failed: ", "(certificate is for be.example, www.example, 127.0.0.2)");
}

BOOST_AUTO_TEST_CASE(a_name_is_checked_as_a_name) {
    kyc::test::certificate_request wanted;
    wanted.dns_names = {"other.example"};
    wanted.ip_addresses = {"127.0.0.1"};
    loopback_server server(with(wanted), answer_once);
    auto made = settings(server.port());
    made.host = "localhost";
    const auto connected = client(made);
    const auto reply = get(*connected);
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::tls));
    BOOST_TEST(reply.error().message.find("ostname mismatch") != std::string::npos, reply.error().message);
}

BOOST_AUTO_TEST_CASE(an_unknown_ca_is_refused) {
    const kyc::test::authority stranger("a stranger");
    kyc::test::certificate_request wanted;
    wanted.ip_addresses = {"127.0.0.1"};
    server_options made;
    made.own = stranger.issue(wanted);
    check_refused(made, "certificate verify failed: unable to get local issuer certificate");
}

BOOST_AUTO_TEST_CASE(an_expired_and_a_future_certificate_are_refused) {
    kyc::test::certificate_request wanted;
    wanted.ip_addresses = {"127.0.0.1"};
    wanted.valid_from_days = -10;
    wanted.valid_until_days = -2;
    check_refused(with(wanted), "certificate verify failed: certificate has expired");
    wanted.valid_from_days = 5;
    wanted.valid_until_days = 30;
    check_refused(with(wanted), "certificate verify failed: certificate is not yet valid");
}

BOOST_AUTO_TEST_CASE(a_server_of_tls_1_1_is_refused) {
    auto made = options();
    made.newest_version = 0x0302;
    check_refused(made, "TLS with 127.0.0.1:");
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_no_tls_is_refused) {
    auto made = options();
    made.plain = true;
    loopback_server server(made, [](server_session& session) {
        session.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        session.drain();
    });
    const auto connected = client(server.port());
    const auto reply = post(*connected, "body");
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::tls), reply.error().message);
    BOOST_TEST((reply.error().sent == sent::nothing));
}

BOOST_AUTO_TEST_CASE(new_keys_in_the_middle_of_a_connection_are_answered) {
    loopback_server server(options(), [](server_session& session) {
        for (int i = 0; i < 3; ++i) {
            const auto request = session.read_request();
            session.ask_for_new_keys();
            session.reply(std::to_string(request.body.size()));
        }
        session.drain();
    });
    const auto connected = client(server.port());
    for (int i = 0; i < 3; ++i) {
        const auto reply = post(*connected, std::string(100'000, 'x'));
        BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
        BOOST_TEST(reply->body == "100000");
    }
    BOOST_TEST(server.connections == 1);
}

BOOST_AUTO_TEST_CASE(a_wish_for_another_handshake_is_not_granted) {
    auto old = options();
    old.newest_version = 0x0303;
    loopback_server server(old, [](server_session& session) {
        (void)session.read_request();
        session.ask_for_another_handshake();
        session.reply("1");
    });
    const auto connected = client(server.port());
    const auto reply = get(*connected);
    BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
    BOOST_TEST(reply->body == "1");
    BOOST_TEST(server.handshakes == 1);
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown_when_it_is_asked_for) {
    auto made = options();
    made.client_ca_pem = ca.own().certificate_pem;
    loopback_server server(made, answer_once);
    kyc::test::certificate_request wanted;
    wanted.common_name = "kycd";
    wanted.client = true;
    const auto own = ca.issue(wanted);
    auto with_certificate = settings(server.port());
    with_certificate.client_certificate_pem = own.certificate_pem;
    with_certificate.client_key_pem = secret(own.key_pem);
    const auto connected = client(with_certificate);
    const auto reply = get(*connected);
    BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
    BOOST_TEST(server.handshakes == 1);
}

BOOST_AUTO_TEST_CASE(a_missing_client_certificate_is_a_tls_error_and_the_request_was_not_taken) {
    for (const int version : {0x0303, 0x0304}) {
        auto made = options();
        made.client_ca_pem = ca.own().certificate_pem;
        made.newest_version = version;
        loopback_server server(made, answer_once);
        const auto connected = client(server.port());
        const auto reply = post(*connected, "body");
        BOOST_REQUIRE(reply.has_error());
        BOOST_TEST((reply.error().sent != sent::all), reply.error().message);
        BOOST_TEST((reply.error().problem == transport_problem::tls), reply.error().message);
        BOOST_TEST(server.handshakes == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_cannot_be_made_says_why) {
    const auto own = localhost_certificate();
    const auto other = localhost_certificate();
    const auto refusal = [&](const std::function<void(http_client_settings&)>& spoil) {
        auto made = settings(443);
        spoil(made);
        auto ready = make_https_client(loop.get_executor(), std::move(made));
        BOOST_REQUIRE(ready.has_error());
        return ready.error();
    };
    const auto names = [](const std::string& text, std::string_view what) {
        BOOST_TEST(text.find(what) != std::string::npos, text);
    };
    names(refusal([](auto& s) { s.ca_file = "/nowhere/ca.pem"; }), "/nowhere/ca.pem: No such file");
    const auto junk = folder.path() / "junk.pem";
    std::ofstream(junk) << "no certificate";
    names(refusal([&](auto& s) { s.ca_file = junk; }), junk.string());
    names(refusal([](auto& s) {
              s.client_certificate_pem = "junk";
              s.client_key_pem = secret("junk");
          }),
          "client certificate");
    names(refusal([&](auto& s) { s.client_certificate_pem = own.certificate_pem; }), "without its key");
    names(refusal([&](auto& s) { s.client_key_pem = secret(own.key_pem); }), "without a client certificate");
    names(refusal([&](auto& s) {
              s.client_certificate_pem = own.certificate_pem;
              s.client_key_pem = secret(other.key_pem);
          }),
          "client key");
    const auto proxy = refusal([](auto& s) { s.proxy = "socks5://user:hunter2@proxy:1"; });
    names(proxy, "proxy");
    BOOST_TEST(proxy.find("hunter2") == std::string::npos);
}

// The script is proxy and server in one: after the CONNECT it goes on with TLS on the same connection.
BOOST_AUTO_TEST_CASE(a_proxy_is_asked_for_a_tunnel_and_then_forgotten) {
    auto plain = options();
    plain.plain = true;
    kyc::test::received_request connect;
    loopback_server server(plain, [&](server_session& session) {
        connect = session.read_request();
        for (const char& c : std::string_view("HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"))
            session.send({&c, 1});
        if (!session.start_tls()) return;
        while (true) {
            (void)session.read_request();
            session.reply("1");
        }
    });
    auto made = settings(8443);
    made.host = "localhost";
    made.proxy = "http://user:hunter2@127.0.0.1:" + std::to_string(server.port());
    const auto connected = client(made);
    for (int i = 0; i < 3; ++i) {
        const auto reply = get(*connected);
        BOOST_REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
    }
    BOOST_TEST(server.connections == 1);
    BOOST_TEST(connect.method == "CONNECT");
    BOOST_TEST(connect.target == "localhost:8443");
    BOOST_TEST(connect.headers["host"] == "localhost:8443");
    BOOST_TEST(connect.headers["proxy-authorization"] == "Basic dXNlcjpodW50ZXIy");
}

BOOST_AUTO_TEST_CASE(a_proxy_that_refuses_or_makes_no_sense_is_named_without_its_password) {
    struct row {
        const char* reply;
        const char* reason;
    };

    const std::string endless(100'000, 'x');
    for (const auto& expected : {
             row{"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!", "answered 407"},
             row{"HTTP/1.0 503 Service Unavailable\r\n\r\n", "answered 503 Service Unavailable"},
             row{"SSH-2.0-x\r\n\r\n", "does not speak HTTP"},
             row{"HTTP/1.1 20", "closed the connection"},
             row{"", "closed the connection"},
             row{endless.c_str(), "no sensible reply"},
         }) {
        BOOST_TEST_CONTEXT(expected.reason) {
            auto plain = options();
            plain.plain = true;
            loopback_server server(plain, [&](server_session& session) {
                (void)session.read_request();
                session.send(expected.reply);
            });
            auto made = settings(443);
            made.proxy = "http://user:hunter2@127.0.0.1:" + std::to_string(server.port());
            const auto connected = client(made);
            const auto reply = post(*connected, "body");
            BOOST_REQUIRE(reply.has_error());
            BOOST_TEST((reply.error().problem == transport_problem::proxy), reply.error().message);
            BOOST_TEST((reply.error().sent == sent::nothing));
            BOOST_TEST(reply.error().message.find(expected.reason) != std::string::npos, reply.error().message);
            BOOST_TEST(reply.error().message.find("hunter2") == std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_that_hangs_runs_into_the_connect_limit) {
    auto plain = options();
    plain.plain = true;
    loopback_server server(plain, [](server_session& session) {
        (void)session.read_request();
        session.await_close();
    });
    auto made = settings(443);
    made.proxy = "http://127.0.0.1:" + std::to_string(server.port());
    made.timeouts.connect = 1s;
    const auto connected = client(made);
    const auto reply = post(*connected, "body");
    BOOST_REQUIRE(reply.has_error());
    BOOST_TEST((reply.error().problem == transport_problem::proxy));
    BOOST_TEST((reply.error().sent == sent::nothing));
    BOOST_TEST(reply.error().message.find("within 1000 ms") != std::string::npos, reply.error().message);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net::test
