// Lookups that hang and fail, and the order in which addresses are tried.
#include "net/address_book.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>

namespace kyc::net {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using endpoints = std::vector<tcp::endpoint>;

tcp::endpoint at(const char* address) {
    return {boost::asio::ip::make_address(address), 443};
}

/// A resolver that answers when the test says so.
struct resolver {
    lookup_function function() {
        return [this](const std::string& host, std::uint16_t port) {
            if (host != "api.example" || port != 443) throw std::logic_error("asked for another one");
            ++asked;
            return gate.get_future().get();
        };
    }

    std::promise<lookup_result> gate;
    std::atomic<int> asked{0};
};

struct book_fixture {
    using outcome = result<endpoints, transport_error>;

    outcome addresses(address_book& book, std::chrono::milliseconds limit = 20s) {
        std::optional<outcome> got;
        test::run_coroutine(loop, ask(book, limit, got));
        return std::move(*got);
    }

    static async::awaitable<void> ask(address_book& book, std::chrono::milliseconds limit,
                                      std::optional<outcome>& got) {
        got.emplace(co_await book.addresses(limit));
    }

    boost::asio::io_context loop;
};

BOOST_FIXTURE_TEST_SUITE(address_books, book_fixture)

BOOST_AUTO_TEST_CASE(a_lookup_that_hangs_costs_the_limit_and_holds_up_neither_loop_nor_destruction) {
    auto slow = std::make_shared<resolver>(); // outlives the thread that hangs in it
    {
        auto own_loop = std::make_unique<boost::asio::io_context>();
        auto book = std::make_unique<address_book>(
            own_loop->get_executor(), "api.example", std::uint16_t{443},
            [slow, ask = slow->function()](const auto& host, auto port) { return ask(host, port); });
        std::optional<outcome> got;
        test::run_coroutine(*own_loop, ask(*book, 1s, got));
        BOOST_REQUIRE(got->has_error());
        BOOST_TEST((got->error().problem == transport_problem::timeout), got->error().message);
        BOOST_TEST((got->error().sent == sent::nothing));
        BOOST_TEST(slow->asked == 1);
    } // book and loop are gone, and the lookup still runs
    slow->gate.set_value(endpoints{at("192.0.2.1")});
}

BOOST_AUTO_TEST_CASE(a_lookup_that_is_given_up_is_waited_for_no_longer) {
    const auto slow = std::make_shared<resolver>();
    address_book book(loop.get_executor(), "api.example", 443,
                      [slow, ask = slow->function()](const auto& host, auto port) { return ask(host, port); });
    boost::asio::post(loop, [&book] { book.give_up(); });
    BOOST_TEST(addresses(book, 1h).has_error());
    BOOST_TEST(addresses(book, 1h).has_error());
    slow->gate.set_value(endpoints{at("192.0.2.1")});
}

BOOST_AUTO_TEST_CASE(what_a_late_lookup_finds_serves_the_next_call) {
    const auto slow = std::make_shared<resolver>();
    address_book book(loop.get_executor(), "api.example", 443,
                      [slow, ask = slow->function()](const auto& host, auto port) { return ask(host, port); });
    BOOST_TEST(addresses(book, 10ms).has_error());
    slow->gate.set_value(endpoints{at("192.0.2.1"), at("192.0.2.1"), at("2001:db8::1")});
    const auto found = addresses(book);
    BOOST_REQUIRE_MESSAGE(found.has_value(), found.error().message);
    BOOST_TEST((*found == endpoints{at("192.0.2.1"), at("2001:db8::1")}));
    BOOST_TEST(slow->asked == 1);
}

BOOST_AUTO_TEST_CASE(a_lookup_that_fails_says_why_and_is_asked_again) {
    std::atomic<int> asked{0};
    address_book book(loop.get_executor(), "api.example", 443, [&](const auto&, auto) -> lookup_result {
        if (++asked == 1) return std::string("no such name");
        if (asked == 2) return endpoints();
        if (asked == 3) throw std::runtime_error("out of everything");
        return endpoints{at("192.0.2.1")};
    });
    for (const auto* why : {"no such name", "no address", "out of everything"}) {
        const auto none = addresses(book);
        BOOST_REQUIRE(none.has_error());
        BOOST_TEST((none.error().problem == transport_problem::resolve));
        BOOST_TEST((none.error().sent == sent::nothing));
        BOOST_TEST(none.error().message.find(why) != std::string::npos, none.error().message);
    }
    BOOST_TEST(addresses(book).has_value());
}

BOOST_AUTO_TEST_CASE(known_addresses_go_on_being_used_while_lookups_fail) {
    std::atomic<int> asked{0};
    address_book book(loop.get_executor(), "api.example", 443, [&](const auto&, auto) -> lookup_result {
        if (++asked > 1) return std::string("the resolver is gone");
        return endpoints{at("192.0.2.1")};
    });
    BOOST_TEST(addresses(book).has_value());
    book.none_worked();
    BOOST_TEST(addresses(book).has_value());
    BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(the_address_that_worked_goes_first_and_the_one_that_failed_last) {
    std::atomic<int> asked{0};
    const endpoints all{at("2001:db8::1"), at("192.0.2.1"), at("192.0.2.2")};
    address_book book(loop.get_executor(), "api.example", 443, [&](const auto&, auto) -> lookup_result {
        ++asked;
        return all;
    });
    BOOST_TEST((*addresses(book) == all));
    book.worked(at("192.0.2.1"));
    BOOST_TEST((*addresses(book) == endpoints{at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.2")}));
    book.failed(at("192.0.2.1"));
    BOOST_TEST((*addresses(book) == endpoints{at("2001:db8::1"), at("192.0.2.2"), at("192.0.2.1")}));
    book.failed(at("2001:db8::1"));
    BOOST_TEST((*addresses(book) == endpoints{at("192.0.2.2"), at("192.0.2.1"), at("2001:db8::1")}));
    BOOST_TEST(asked == 1);
}

BOOST_AUTO_TEST_CASE(an_address_in_the_place_of_a_name_is_never_looked_up) {
    address_book book(loop.get_executor(), "2001:db8::7", 443,
                      [](const auto&, auto) -> lookup_result { throw std::logic_error("asked"); });
    book.none_worked();
    BOOST_TEST((*addresses(book) == endpoints{at("2001:db8::7")}));
}

BOOST_AUTO_TEST_CASE(the_system_s_resolver_knows_localhost_and_no_name_that_cannot_be) {
    const auto here = ask_system("localhost", 8443);
    BOOST_REQUIRE_MESSAGE(here.has_value(), here.error());
    BOOST_TEST(!here->empty());
    for (const auto& one : *here)
        BOOST_TEST((one.address().is_loopback() && one.port() == 8443));
    BOOST_TEST(ask_system("no-such-host.invalid", 443).has_error());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace
} // namespace kyc::net
