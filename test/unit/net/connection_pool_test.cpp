// Which thread a connection lives on, and that everything it does happens there.
#include "net/connection_pool.hpp"
#include "support/run_coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <map>
#include <set>
#include <thread>
#include <vector>

namespace kyc::net {
namespace {

using namespace std::chrono_literals;
using load = connection_pool::load;
constexpr auto always = connection_pool::clock::duration::max();

/// What the connections of a test have done, and where.
struct journal {
    std::atomic<int> living = 0;
    std::atomic<int> ended_on_the_loop = 0;
    std::thread::id loop = std::this_thread::get_id();
};

class scripted_connection final : public connection {
  public:
    explicit scripted_connection(journal& notes) : notes_(notes) { ++notes_.living; }

    ~scripted_connection() override {
        --notes_.living;
        if (std::this_thread::get_id() == notes_.loop) ++notes_.ended_on_the_loop;
    }

    async::awaitable<opening> open(std::vector<boost::asio::ip::tcp::endpoint>, deadline::clock::time_point) override {
        home_ = std::this_thread::get_id();
        co_return opening(std::nullopt, boost::asio::ip::tcp::endpoint());
    }

    void give_up() override {}

    async::awaitable<exchange> carry(std::string_view, const std::vector<boost::asio::const_buffer>&,
                                     deadline::clock::time_point) override {
        BOOST_TEST((std::this_thread::get_id() == home_));
        http_response reply;
        reply.status = std::this_thread::get_id() == notes_.loop ? 1 : 2;
        co_return exchange(std::move(reply), true);
    }

    [[nodiscard]] bool reusable() override { return usable; }

    [[nodiscard]] std::chrono::milliseconds patience() const override { return 1h; }

    bool usable = true;

  private:
    journal& notes_;
    std::thread::id home_;
};

struct pool_fixture {
    carried_connection fresh(connection_pool& pool, load what) {
        carried_connection line(pool.place_for(what), std::make_unique<scripted_connection>(notes));
        kyc::test::run_coroutine(loop, open(line));
        return line;
    }

    static async::awaitable<void> open(carried_connection& line) {
        std::vector<boost::asio::ip::tcp::endpoint> nowhere;
        const auto opened = co_await line.open(std::move(nowhere), deadline::clock::time_point::max());
        BOOST_TEST(!opened.problem);
    }

    /// True when it was carried by the loop's own thread.
    bool carried_by_the_loop(carried_connection& line) {
        int status = 0;
        kyc::test::run_coroutine(loop, carry(line, status));
        return status == 1;
    }

    static async::awaitable<void> carry(carried_connection& line, int& status) {
        const std::vector<boost::asio::const_buffer> nothing;
        const auto outcome = co_await line.carry("head", nothing, deadline::clock::time_point::max());
        status = outcome.reply->status;
    }

    boost::asio::io_context loop;
    journal notes;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(connection_pool_suite, pool_fixture)

BOOST_AUTO_TEST_CASE(with_one_thread_everything_is_the_loops) {
    {
        connection_pool pool(loop.get_executor(), 1, 10);
        auto first = fresh(pool, load::large);
        auto second = fresh(pool, load::small);
        BOOST_TEST(carried_by_the_loop(first));
        BOOST_TEST(carried_by_the_loop(second));
        pool.keep(std::move(first));
        pool.keep(std::move(second));
        BOOST_TEST(pool.size() == 2u);
        BOOST_TEST(pool.take(load::large, always).has_value());
        BOOST_TEST(pool.size() == 1u);
    }
    BOOST_TEST(notes.living == 0);
    BOOST_TEST(notes.ended_on_the_loop == 2);
}

BOOST_AUTO_TEST_CASE(large_requests_spread_over_the_threads_and_small_ones_stay) {
    connection_pool pool(loop.get_executor(), 3, 100);
    std::vector<carried_connection> in_use;
    std::map<const carrier*, int> on;
    for (int i = 0; i < 9; ++i) {
        auto& line = in_use.emplace_back(fresh(pool, load::large));
        ++on[&line.on()];
        BOOST_TEST(carried_by_the_loop(line) == line.on().is_the_loop());
    }
    BOOST_TEST(on.size() == 3u);
    for (const auto& [carrier, count] : on)
        BOOST_TEST(count == (carrier->is_the_loop() ? 1 : 4)); // the loop has other things to do
    const auto poll = fresh(pool, load::small);
    BOOST_TEST(poll.on().is_the_loop());
}

BOOST_AUTO_TEST_CASE(a_kept_connection_goes_on_where_it_was) {
    {
        connection_pool pool(loop.get_executor(), 2, 100);
        auto line = fresh(pool, load::large);
        BOOST_TEST(!carried_by_the_loop(line));
        pool.keep(std::move(line));
        auto again = pool.take(load::small, always); // none of the loop's is there
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST(!carried_by_the_loop(*again));
        pool.keep(std::move(*again));
        again.reset();
        pool.keep(fresh(pool, load::small));
        again = pool.take(load::small, always);
        BOOST_TEST(carried_by_the_loop(again.value()));
    }
    BOOST_TEST(notes.living == 0);
    BOOST_TEST(notes.ended_on_the_loop == 1); // each on its own thread
}

BOOST_AUTO_TEST_CASE(a_large_request_rather_opens_a_connection_than_queue_behind_others) {
    connection_pool pool(loop.get_executor(), 2, 100);
    auto polling = fresh(pool, load::small);
    pool.keep(fresh(pool, load::small));
    BOOST_TEST(!pool.take(load::large, always).has_value()); // the loop has one under way, the other thread none
    std::vector<carried_connection> uploading;
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(!uploading.emplace_back(fresh(pool, load::large)).on().is_the_loop());
    const auto second = pool.take(load::large, always);
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(second->on().is_the_loop());
}

BOOST_AUTO_TEST_CASE(what_is_used_up_or_too_old_is_not_taken) {
    connection_pool pool(loop.get_executor(), 2, 100);
    auto line = std::make_unique<scripted_connection>(notes);
    auto& script = *line;
    pool.keep(carried_connection(pool.place_for(load::small), std::move(line)));
    BOOST_TEST(pool.size() == 1u);
    script.usable = false;
    BOOST_TEST(!pool.take(load::small, always).has_value());
    BOOST_TEST(pool.size() == 0u);
    BOOST_TEST(notes.living == 0);
    pool.keep(fresh(pool, load::small));
    BOOST_TEST(!pool.take(load::small, connection_pool::clock::duration(-1)).has_value());
    BOOST_TEST(pool.size() == 0u);
}

BOOST_AUTO_TEST_CASE(an_unused_connection_makes_room_for_a_new_one) {
    connection_pool pool(loop.get_executor(), 2, 2);
    pool.keep(fresh(pool, load::small));
    auto small = fresh(pool, load::small);
    auto large = fresh(pool, load::large);
    BOOST_TEST(pool.size() == 0u);
    BOOST_TEST(small.on().connections() + large.on().connections() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace kyc::net
