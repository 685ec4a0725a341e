// Several addresses of one host: the dead ones cost little, and none costs more than the limit for all.
#include "net/dial.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <optional>
#include <sys/socket.h>
#include <vector>

namespace kyc::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// A port of the loopback: nobody listens, or somebody does.
class local_port {
  public:
    explicit local_port(std::optional<int> backlog) : socket_(loop_) {
        const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
        socket_.open(tcp::v4());
        socket_.bind(any);
        if (backlog) socket_.listen(*backlog);
    }

    [[nodiscard]] tcp::endpoint address() const { return socket_.local_endpoint(); }

  private:
    boost::asio::io_context loop_;
    tcp::acceptor socket_;
};

/// A port whose queue is full: what is sent to it is swallowed, as by a firewall.
class silent_port {
  public:
    silent_port() {
        for (int i = 0; i < 4; ++i) {
            auto& one = waiting_.emplace_back(loop_);
            one.open(tcp::v4());
            one.native_non_blocking(true);
            const auto full = port_.address();
            (void)::connect(one.native_handle(), full.data(), static_cast<socklen_t>(full.size())); // Asio's would wait
        }
    }

    [[nodiscard]] tcp::endpoint address() const { return port_.address(); }

  private:
    boost::asio::io_context loop_;
    local_port port_{0};
    std::vector<tcp::socket> waiting_;
};

struct dial_fixture {
    std::optional<transport_error> dial(const std::vector<tcp::endpoint>& addresses, std::chrono::milliseconds limit) {
        std::optional<transport_error> problem;
        test::run_coroutine(loop, connect(addresses, limit, problem), 120s);
        return problem;
    }

    async::awaitable<void> connect(const std::vector<tcp::endpoint>& addresses, std::chrono::milliseconds limit,
                                   std::optional<transport_error>& problem) {
        const step_limit all(limit, deadline::clock::now() + 100s);
        problem = co_await connect_to_any(socket, watch, addresses, "the server", all);
        watch.disarm();
    }

    boost::asio::io_context loop;
    tcp::socket socket{loop};
    deadline watch{socket};
};

BOOST_FIXTURE_TEST_SUITE(dials, dial_fixture)

BOOST_AUTO_TEST_CASE(an_address_that_swallows_everything_does_not_cost_the_whole_limit_when_others_follow) {
    const silent_port silent;
    const local_port refusing(std::nullopt);
    const local_port good(8);
    const auto began = deadline::clock::now();
    const auto problem = dial({silent.address(), refusing.address(), good.address()}, 60s);
    BOOST_TEST_REQUIRE(!problem, problem->message);
    BOOST_TEST((socket.remote_endpoint() == good.address()));
    BOOST_TEST((deadline::clock::now() - began < 30s));
}

BOOST_AUTO_TEST_CASE(addresses_that_swallow_everything_share_the_limit) {
    const silent_port one;
    const silent_port other;
    const auto problem = dial({one.address(), other.address()}, 5s);
    BOOST_REQUIRE(problem);
    BOOST_TEST((problem->problem == transport_problem::timeout), problem->message);
    BOOST_TEST((problem->sent == sent::nothing));
    for (const auto& silent : {one.address(), other.address()}) {
        const auto said = "127.0.0.1:" + std::to_string(silent.port()) + ": no answer";
        BOOST_TEST(problem->message.find(said) != std::string::npos, problem->message);
    }
}

BOOST_AUTO_TEST_CASE(every_address_s_own_trouble_is_named) {
    const silent_port silent;
    const local_port refusing(std::nullopt);
    const auto problem = dial({silent.address(), refusing.address()}, 5s);
    BOOST_REQUIRE(problem);
    BOOST_TEST((problem->problem == transport_problem::connect), problem->message);
    BOOST_TEST(problem->message.find("Connection refused") != std::string::npos, problem->message);
    BOOST_TEST(problem->message.find("no answer") != std::string::npos, problem->message);
}

BOOST_AUTO_TEST_CASE(a_connection_is_watched_over_while_nothing_moves) {
    const local_port good(8);
    BOOST_REQUIRE(!dial({good.address()}, 10s));
    boost::asio::socket_base::keep_alive probes;
    socket.get_option(probes);
    BOOST_TEST(probes.value());
    tcp::no_delay at_once;
    socket.get_option(at_once);
    BOOST_TEST(at_once.value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
