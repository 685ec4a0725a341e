// What strangers can make the server hold, and the streams of events.
#include "http_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <list>

using namespace kyc;
using namespace kyc::test;

namespace {

constexpr const char* ask_live = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr const char* ask_events = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A page and a stream that counts its events, each of `size` bytes or more.
struct counting {
    std::atomic<int> made{0};

    admin::http_offer offer(std::chrono::milliseconds every = 1ms, std::size_t size = 0) {
        admin::http_offer all;
        all.routes = {page("/livez", "ok loop\n")};
        all.events = {{"status", every, [this, size] {
                           return "{\n  \"number\": " + std::to_string(++made) + ",\n  \"text\": \"" +
                                  std::string(size, 'x') + "\"\n}\n";
                       }}};
        return all;
    }
};

int number_in(const std::string& event) {
    const auto place = event.find("\"number\": ");
    BOOST_REQUIRE(place != std::string::npos);
    return std::stoi(event.substr(place + 10));
}

admin::http_access anywhere() {
    return http_world::on("127.0.0.1:0");
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_server_limits_test)

BOOST_AUTO_TEST_CASE(who_sends_no_whole_head_in_time_is_hung_up_on) {
    counting events;
    admin::http_limits limits;
    limits.head = 50ms;
    http_world world(events.offer(), anywhere(), limits);
    auto slow = world.connect();
    slow.send("GET /livez HTTP/1.1\r\nHost: loc");
    BOOST_TEST(slow.read_all().empty());
    auto good = world.connect();
    good.send(ask_live);
    BOOST_TEST(status_of(good.read_reply()) == "200");
}

BOOST_AUTO_TEST_CASE(who_asks_for_nothing_is_hung_up_on_after_a_while) {
    counting events;
    admin::http_limits limits;
    limits.idle = 50ms;
    http_world world(events.offer(), anywhere(), limits);
    auto idle = world.connect();
    BOOST_TEST(idle.read_all().empty());
}

BOOST_AUTO_TEST_CASE(past_the_limit_the_one_that_is_idle_for_longest_goes) {
    counting events;
    admin::http_limits limits;
    limits.connections = 4;
    http_world world(events.offer(), anywhere(), limits);
    auto stream = world.connect();
    stream.send(ask_events);
    (void)stream.read_until("\n\n");
    auto oldest = world.connect();
    oldest.send(ask_live);
    (void)oldest.read_reply();
    auto second = world.connect();
    second.send(ask_live);
    (void)second.read_reply();
    auto third = world.connect();
    third.send(ask_live);
    (void)third.read_reply();
    auto newcomer = world.connect();
    newcomer.send(ask_live);
    BOOST_TEST(status_of(newcomer.read_reply()) == "200");
    BOOST_TEST(oldest.is_closed());
    BOOST_TEST(second.is_quiet());
    BOOST_TEST(third.is_quiet());
    (void)stream.read_until("\n\n");
    (void)stream.read_until("\n\n");
    BOOST_TEST(world.counted().dropped == 1u);
    BOOST_TEST(world.counted().connections == 4u);
}

BOOST_AUTO_TEST_CASE(a_crowd_is_served_in_the_end) {
    counting events;
    admin::http_limits limits;
    limits.connections = 8;
    http_world world(events.offer(), anywhere(), limits);
    std::list<http_client> crowd;
    for (int i = 0; i < 100; ++i)
        crowd.push_back(world.connect());
    world.wait_until([](const auto& now) { return now.accepted == 100 && now.connections <= 8; });
    auto one = world.connect();
    one.send(ask_live);
    BOOST_TEST(status_of(one.read_reply()) == "200");
}

BOOST_AUTO_TEST_CASE(a_stream_begins_at_once_and_goes_on) {
    counting events;
    http_world world(events.offer());
    auto client = world.connect();
    client.send(ask_events);
    const auto head = client.read_until("\r\n\r\n");
    BOOST_TEST(status_of(head) == "200");
    BOOST_TEST(head.find("\r\nContent-Type: text/event-stream\r\n") != std::string::npos);
    BOOST_TEST(head.find("\r\nCache-Control: no-store\r\n") != std::string::npos);
    int last = 0;
    for (int i = 0; i < 20; ++i) {
        const auto event = client.read_until("\n\n");
        BOOST_TEST(event.starts_with("event: status\ndata: {\"number\": "));
        BOOST_TEST(number_in(event) > last);
        last = number_in(event);
    }
}

BOOST_AUTO_TEST_CASE(events_are_made_once_for_all_and_only_for_somebody) {
    counting events;
    http_world world(events.offer(1h));
    world.wait_until([&](const auto&) { return true; });
    BOOST_TEST(events.made == 0);
    std::list<http_client> crowd;
    for (int i = 0; i < 10; ++i) {
        crowd.push_back(world.connect());
        crowd.back().send(ask_events);
        BOOST_TEST(number_in(crowd.back().read_until("\n\n")) == 1);
    }
    BOOST_TEST(events.made == 1);
}

BOOST_AUTO_TEST_CASE(streams_have_a_limit_of_their_own) {
    counting events;
    admin::http_limits limits;
    limits.streams = 2;
    http_world world(events.offer(), anywhere(), limits);
    std::list<http_client> two;
    for (int i = 0; i < 2; ++i) {
        two.push_back(world.connect());
        two.back().send(ask_events);
        (void)two.back().read_until("\n\n");
    }
    auto third = world.connect();
    third.send(ask_events);
    const auto reply = third.read_reply();
    BOOST_TEST(status_of(reply) == "503");
    BOOST_TEST(reply.find("\r\nRetry-After: ") != std::string::npos);
    third.send(ask_live); // pages are still there
    BOOST_TEST(status_of(third.read_reply()) == "200");
    two.pop_front();
    world.wait_until([](const auto& now) { return now.streams == 1; });
    third.send(ask_events);
    BOOST_TEST(status_of(third.read_until("\r\n\r\n")) == "200");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_not_read_is_dropped) {
    counting events;
    admin::http_limits limits;
    limits.event = 50ms;
    http_world world(events.offer(1ms, 200'000), anywhere(), limits);
    auto lazy = world.connect();
    lazy.send(ask_events);
    // The kernel takes some events for it, and no more.
    world.wait_until([](const auto& now) { return now.dropped == 1 && now.streams == 0; });
    auto good = world.connect();
    good.send(ask_live);
    BOOST_TEST(status_of(good.read_reply()) == "200");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_not_read_holds_up_no_other) {
    counting events;
    http_world world(events.offer(1ms, 200'000));
    auto lazy = world.connect();
    lazy.send(ask_events);
    auto busy = world.connect();
    busy.send(ask_events);
    int last = 0;
    for (int i = 0; i < 100; ++i) { // 20 MB, of which the lazy one's kernel takes a part
        const auto number = number_in(busy.read_until("\n\n"));
        BOOST_TEST(number > last);
        last = number;
    }
    BOOST_TEST(world.counted().streams == 2u);
}

BOOST_AUTO_TEST_CASE(a_reply_that_is_not_read_is_dropped) {
    admin::http_limits limits;
    limits.reply = 50ms;
    admin::http_offer offer;
    offer.routes = {page("/large", std::string(32u << 20, 'x')), page("/livez", "ok loop\n")};
    http_world world(std::move(offer), anywhere(), limits);
    auto lazy = world.connect();
    lazy.send("GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n");
    world.wait_until([](const auto& now) { return now.dropped == 1 && now.connections == 0; });
    auto good = world.connect();
    good.send(ask_live);
    BOOST_TEST(status_of(good.read_reply()) == "200");
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_nobody) {
    counting events;
    std::list<http_client> crowd;
    {
        http_world world(events.offer(1ms, 200'000));
        for (const char* request : {"", "GET ", ask_live, ask_events, ask_events}) {
            crowd.push_back(world.connect());
            crowd.back().send(request);
        }
        (void)crowd.back().read_until("\n\n");
        world.wait_until([](const auto& now) { return now.accepted == 5 && now.streams == 2; });
    }
    for (auto& each : crowd)
        BOOST_TEST(each.is_closed());
}

BOOST_AUTO_TEST_SUITE_END()
