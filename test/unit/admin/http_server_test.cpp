// What the server answers, and where it listens.
#include "admin/page_files.hpp"
#include "http_fixture.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::test;

namespace {

const std::string token = "correct-horse-battery";

admin::http_offer two_pages() {
    admin::http_offer offer;
    offer.routes = {page("/livez", "ok loop\n"), page("/readyz", "bad ledger: full\n", 503)};
    return offer;
}

admin::http_access with_token(const std::string& where = "127.0.0.1:0") {
    auto access = http_world::on(where);
    access.token = secret(std::string(token));
    return access;
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_server_test)

BOOST_AUTO_TEST_CASE(a_page_has_its_status_type_and_text) {
    http_world world(two_pages());
    const auto live = world.get("/livez");
    BOOST_TEST(status_of(live) == "200");
    BOOST_TEST(body_of(live) == "ok loop\n");
    BOOST_TEST(live.find("\r\nContent-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
    const auto ready = world.get("/readyz?verbose");
    BOOST_TEST(status_of(ready) == "503");
    BOOST_TEST(body_of(ready) == "bad ledger: full\n");
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_named_with_what_is) {
    http_world world(two_pages());
    for (const std::string path : {"/x", "/livez/", "/../livez", "/page.js/", "//", "/%6civez"}) {
        const auto reply = world.get(path);
        BOOST_TEST(status_of(reply) == "404");
        BOOST_TEST(body_of(reply).starts_with("There is no such page. There are: / "));
        BOOST_TEST(body_of(reply).ends_with(" /livez /readyz /events\n"));
    }
}

BOOST_AUTO_TEST_CASE(the_pages_own_files_are_served_and_kept_by_browsers) {
    http_world world;
    BOOST_TEST(admin::page_files().size() >= 3u);
    for (const auto& file : admin::page_files()) {
        const std::string path(file.path);
        const auto reply = world.get(path);
        BOOST_TEST(status_of(reply) == "200");
        BOOST_TEST((body_of(reply) == file.bytes));
        BOOST_TEST(reply.find("\r\nETag: " + std::string(file.etag) + "\r\n") != std::string::npos);
        const auto again = world.get(path, "If-None-Match: " + std::string(file.etag) + "\r\n");
        BOOST_TEST(status_of(again) == "304");
        BOOST_TEST(body_of(again).empty());
        BOOST_TEST(status_of(world.get(path, "If-None-Match: \"old\"\r\n")) == "200");
    }
    BOOST_TEST(world.get("/").find("<title>kycd") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(head_is_get_without_its_body) {
    http_world world(two_pages());
    for (const std::string path : {"/livez", "/readyz", "/", "/none", "/events"}) {
        auto client = world.connect();
        client.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        const auto reply = client.read_all();
        BOOST_TEST_CONTEXT(path + "\n" + reply) {
            BOOST_TEST(body_of(reply).empty());
            if (path == "/events") continue;
            const auto full = world.get(path);
            BOOST_TEST(status_of(reply) == status_of(full));
            BOOST_TEST(reply.find("\r\nContent-Length: " + std::to_string(body_of(full).size()) + "\r\n") !=
                       std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(bad_requests_are_told_why_and_end) {
    http_world world(two_pages());
    const std::vector<std::pair<std::string, std::string>> table{
        {"POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "405"},
        {"DELETE / HTTP/1.1\r\nHost: localhost\r\n\r\n", "405"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", "421"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "400"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost localhost\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\n: localhost\r\n\r\n", "400"},
        {"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
        {"GET\r\n\r\n", "400"},
        {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "505"},
        {"GET / FTP/1.1\r\nHost: localhost\r\n\r\n", "505"},
        {"nonsense\r\n\r\n", "400"},
        {std::string("\0\xff\x16\x03\x01 tls?\r\n\r\n", 14), "400"},
        {"GET livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "400"},
    };
    for (const auto& [request, status] : table) {
        BOOST_TEST_CONTEXT(request) {
            auto client = world.connect();
            client.send(request);
            const auto reply = client.read_all();
            BOOST_TEST(status_of(reply) == status);
            BOOST_TEST(reply.find("\r\nConnection: close\r\n") != std::string::npos);
        }
    }
    BOOST_TEST(status_of(world.get("/livez")) == "200");
}

BOOST_AUTO_TEST_CASE(a_head_that_is_too_long_is_refused) {
    http_world world(two_pages());
    const std::string begin = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: ";
    const std::string end = "\r\n\r\n";
    BOOST_TEST(status_of(world.ask(begin + std::string(7000, 'x') + end)) == "200");
    BOOST_TEST(status_of(world.ask(begin + std::string(8192, 'x') + end)) == "431");
    BOOST_TEST(status_of(world.ask("GET /" + std::string(8192, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n")) ==
               "431");
    // The reply is there although much more was sent than anybody read.
    BOOST_TEST(status_of(world.ask(begin + std::string(100'000, 'x') + end)) == "431");
    auto endless = world.connect();
    const std::string header = "Y: " + std::string(100, 'y') + "\r\n";
    endless.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100'000 && endless.send(header); ++i)
        ;
    BOOST_TEST(endless.is_closed());
}

BOOST_AUTO_TEST_CASE(a_connection_is_kept_and_requests_may_come_in_one_piece) {
    http_world world(two_pages());
    auto client = world.connect();
    const std::string one = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (int i = 0; i < 3; ++i) {
        client.send(one);
        const auto reply = client.read_reply();
        BOOST_TEST(body_of(reply) == "ok loop\n");
        BOOST_TEST(reply.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
    }
    std::string many;
    for (int i = 0; i < 500; ++i)
        many += one;
    client.send(many);
    for (int i = 0; i < 500; ++i)
        BOOST_REQUIRE(body_of(client.read_reply()) == "ok loop\n");
    client.send("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(status_of(client.read_until("\r\n\r\n")) == "200");
    BOOST_TEST(status_of(client.read_reply()) == "404");
    client.send("GET /livez HTTP/1.0\r\n\r\n"); // which keeps no connection
    BOOST_TEST(status_of(client.read_all()) == "200");
    BOOST_TEST(world.counted().accepted == 1u);
    BOOST_TEST(world.counted().requests == 506u);
}

BOOST_AUTO_TEST_CASE(with_a_token_nothing_is_told_without_it) {
    http_world world(two_pages(), with_token());
    for (const std::string path : {"/", "/page.js", "/livez", "/none", "/events"}) {
        const auto reply = world.get(path);
        BOOST_TEST(status_of(reply) == "401");
        BOOST_TEST(reply.find("\r\nWWW-Authenticate: Basic realm=\"kycd\"") != std::string::npos);
        BOOST_TEST(reply.find(token) == std::string::npos);
    }
    BOOST_TEST(status_of(world.get("/livez", "Authorization: Bearer " + token + "x\r\n")) == "401");
    BOOST_TEST(status_of(world.get("/livez", "Authorization: Bearer " + token + "\r\n")) == "200");
    // Who knows it may come by any name: a proxy's, for instance.
    BOOST_TEST(
        status_of(world.ask("GET /livez HTTP/1.1\r\nHost: kyc.example\r\nConnection: close\r\nAuthorization: Bearer " +
                            token + "\r\n\r\n")) == "200");
    BOOST_TEST(world.counted().refused == 6u);
}

BOOST_AUTO_TEST_CASE(a_unix_socket_answers_to_any_name) {
    const temporary_folder folder;
    http_world world(two_pages(), http_world::on("unix:" + (folder.path() / "admin").string()));
    BOOST_TEST(status_of(world.ask("GET /livez HTTP/1.1\r\nHost: kycd\r\nConnection: close\r\n\r\n")) == "200");
}

BOOST_AUTO_TEST_CASE(a_taken_port_is_said_once_and_tried_again) {
    http_world first(two_pages());
    const auto where = first.news().where;
    admin::http_limits limits;
    limits.retry = 1ms;
    http_world second(two_pages(), http_world::on(to_string(where)), limits);
    const auto told = second.news();
    BOOST_TEST(!told.listening);
    BOOST_TEST(told.why.find("Address already in use") != std::string::npos);
    BOOST_TEST((told.where == where));
    std::this_thread::sleep_for(50ms); // many tries, of which nobody hears
    BOOST_TEST(second.news_so_far() == 1u);
    first.change({});
    const auto then = second.news(2);
    BOOST_TEST(then.listening);
    auto client = http_client(then.where);
    client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(status_of(client.read_reply()) == "200");
}

BOOST_AUTO_TEST_CASE(a_change_of_address_or_token_ends_what_was_begun_before) {
    const temporary_folder folder;
    const auto file = folder.path() / "admin";
    http_world world(two_pages());
    auto before = world.connect();
    before.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(status_of(before.read_reply()) == "200");
    world.change(with_token("unix:" + file.string()));
    BOOST_TEST(before.is_closed());
    const auto there = world.news(2);
    BOOST_TEST(there.where.path == file.string());
    auto after = http_client(there.where);
    after.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(status_of(after.read_reply()) == "401");
    BOOST_TEST(after.is_closed());
    auto access = with_token("unix:" + file.string());
    access.token.reset();
    world.change(access);
    BOOST_TEST(world.news(3).listening);
    auto last = http_client(there.where);
    last.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    BOOST_TEST(status_of(last.read_reply()) == "200");
    world.change({});
    BOOST_TEST(last.is_closed());
    world.wait_until([&](const auto&) { return !std::filesystem::exists(file); });
    BOOST_CHECK_THROW(http_client{there.where}, std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()
