#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "status/status_socket.hpp"
#include "support/run_coroutine.hpp"
#include "support/temporary_folder.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

using protocol = boost::asio::local::stream_protocol;
using steady_clock = std::chrono::steady_clock;

/// A socket that answers with what it was asked.
struct echo_world {
    boost::asio::io_context loop{1};
    test::temporary_folder work;
    async::task_group servers{loop.get_executor(), [](auto thrown) { std::rethrow_exception(thrown); }};
    std::unique_ptr<status_socket> socket;

    echo_world() {
        auto answer = [](std::string_view question) { return "asked: <" + std::string(question) + ">"; };
        auto opened = status_socket::open(loop.get_executor(), work.path(), answer);
        BOOST_REQUIRE(opened);
        socket = std::move(*opened);
        servers.spawn(socket->serve());
    }

    async::awaitable<protocol::socket> connect() {
        protocol::socket peer(loop);
        const protocol::endpoint where((work.path() / status_socket_name).string());
        co_await peer.async_connect(where, boost::asio::use_awaitable);
        co_return peer;
    }

    /// What one client that sends that is told.
    async::awaitable<std::string> ask(std::string text, bool ends = true) {
        auto peer = co_await connect();
        const auto buffer = boost::asio::buffer(text);
        (void)co_await boost::asio::async_write(peer, buffer, async::as_result);
        boost::system::error_code ignored;
        if (ends) peer.shutdown(protocol::socket::shutdown_send, ignored);
        co_return co_await read(peer);
    }

    async::awaitable<std::string> read(protocol::socket& peer) {
        std::string said;
        const auto into = boost::asio::dynamic_buffer(said);
        (void)co_await boost::asio::async_read(peer, into, async::as_result);
        co_return said;
    }

    async::awaitable<void> stop() {
        servers.cancel();
        co_await servers.join();
        co_await socket->stop();
    }
};

async::awaitable<void> asks(echo_world& w) {
    BOOST_TEST(co_await w.ask("") == "asked: <>");
    BOOST_TEST(co_await w.ask("what is it?\n") == "asked: <what is it?>");
    BOOST_TEST(co_await w.ask("no line end") == "asked: <no line end>");
    BOOST_TEST(co_await w.ask("one\ntwo\n") == "asked: <one>");
    BOOST_TEST(co_await w.ask("the line is enough\n", false) == "asked: <the line is enough>");
    co_await w.stop();
}

async::awaitable<void> sends_junk(echo_world& w) {
    const std::string zeros(100, '\0');
    BOOST_TEST(co_await w.ask(zeros) == "asked: <" + zeros + ">");
    const auto said = co_await w.ask(std::string(100'000, 'x'), false);
    BOOST_TEST(said.size() < 5'000u);
    BOOST_TEST(said.starts_with("asked: <xxx"));
    co_await w.stop();
}

async::awaitable<void> is_slow(echo_world& w) {
    auto peer = co_await w.connect();
    for (const std::string part : {"wh", "at", "\n"}) {
        const auto buffer = boost::asio::buffer(part);
        co_await boost::asio::async_write(peer, buffer, boost::asio::use_awaitable); // and the socket reads it
    }
    BOOST_TEST(co_await w.read(peer) == "asked: <what>");
    co_await w.stop();
}

async::awaitable<void> says_nothing(echo_world& w) {
    BOOST_TEST(co_await w.ask("", false) == "asked: <>");
    BOOST_TEST(co_await w.ask("half a li", false) == "asked: <half a li>");
    co_await w.stop();
}

async::awaitable<void> many_are_silent(echo_world& w) {
    std::vector<protocol::socket> silent;
    silent.reserve(100);
    for (int i = 0; i < 100; ++i)
        silent.push_back(co_await w.connect());
    // One after the other they would take 7 s.
    const auto begun = steady_clock::now();
    BOOST_TEST(co_await w.ask("and I?\n") == "asked: <and I?>");
    BOOST_TEST((steady_clock::now() - begun < 5s));
    for (auto& each : silent)
        BOOST_TEST(co_await w.read(each) == "asked: <>");
    co_await w.stop();
}

async::awaitable<void> stops(echo_world& w) {
    auto peer = co_await w.connect();
    co_await async::sleep_for(1ms);
    co_await w.stop();
}

} // namespace

BOOST_AUTO_TEST_SUITE(status_socket_suite)

BOOST_AUTO_TEST_CASE(a_line_is_handed_on_and_what_comes_after_it_is_not) {
    echo_world w;
    test::run_coroutine(w.loop, asks(w));
}

BOOST_AUTO_TEST_CASE(junk_is_handed_on_up_to_a_bound) {
    echo_world w;
    test::run_coroutine(w.loop, sends_junk(w));
}

BOOST_AUTO_TEST_CASE(a_question_may_come_in_pieces) {
    echo_world w;
    test::run_coroutine(w.loop, is_slow(w));
}

BOOST_AUTO_TEST_CASE(a_client_that_sends_nothing_or_falls_silent_is_answered_all_the_same) {
    echo_world w;
    test::run_coroutine(w.loop, says_nothing(w));
}

BOOST_AUTO_TEST_CASE(silent_clients_hold_up_no_others) {
    echo_world w;
    test::run_coroutine(w.loop, many_are_silent(w));
}

BOOST_AUTO_TEST_CASE(a_stop_waits_for_no_silent_client) {
    echo_world w;
    test::run_coroutine(w.loop, stops(w));
}

BOOST_AUTO_TEST_SUITE_END()
