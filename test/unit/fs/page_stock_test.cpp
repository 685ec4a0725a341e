#include "fs/page_stock.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace kyc::fs;

namespace {

const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

void fill(page_buffer& buffer, std::byte value) {
    std::ranges::fill(buffer.bytes(), value);
}

bool holds(const page_buffer& buffer, std::byte value) {
    return std::ranges::all_of(buffer.bytes(), [value](std::byte each) { return each == value; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(page_stocks)

BOOST_AUTO_TEST_CASE(a_buffer_is_as_large_as_asked_for_to_the_page) {
    page_stock stock;
    auto buffer = stock.take(3 * page + 1);
    BOOST_TEST(buffer.size() == 3 * page + 1);
    BOOST_TEST(buffer.bytes().size() == 3 * page + 1);
    BOOST_TEST(stock.mapped() == 4 * page);
    fill(buffer, std::byte{7});
    buffer.shrink(5);
    BOOST_TEST(buffer.size() == 5u);
    buffer.shrink(100); // never larger again
    BOOST_TEST(buffer.size() == 5u);
    BOOST_TEST(holds(buffer, std::byte{7}));
}

BOOST_AUTO_TEST_CASE(nothing_is_a_buffer_too) {
    page_stock stock;
    const auto none = stock.take(0);
    BOOST_TEST(none.size() == 0u);
    BOOST_TEST(none.bytes().empty());
    const page_buffer of_no_stock;
    BOOST_TEST(of_no_stock.size() == 0u);
}

BOOST_AUTO_TEST_CASE(moving_leaves_the_bytes_where_they_are) {
    page_stock stock;
    auto first = stock.take(page);
    fill(first, std::byte{1});
    const auto* const where = first.bytes().data();
    auto second = std::move(first);
    BOOST_TEST(second.bytes().data() == where);
    auto third = stock.take(page);
    third = std::move(second);
    BOOST_TEST(third.bytes().data() == where);
    BOOST_TEST(holds(third, std::byte{1}));
}

BOOST_AUTO_TEST_CASE(what_came_back_is_lent_again_while_others_are_out) {
    page_stock stock;
    const auto out = stock.take(page);
    const std::byte* where = nullptr;
    {
        const auto gone = stock.take(10 * page);
        where = gone.bytes().data();
    }
    BOOST_TEST(stock.mapped() == 11 * page);
    const auto again = stock.take(9 * page + 1);
    BOOST_TEST(again.bytes().data() == where);
    BOOST_TEST(again.size() == 9 * page + 1);
    BOOST_TEST(stock.mapped() == 11 * page);
}

BOOST_AUTO_TEST_CASE(what_is_too_small_or_much_too_large_is_not_lent_and_the_longest_unused_goes_for_it) {
    page_stock stock;
    const auto out = stock.take(page);
    auto first = stock.take(10 * page);
    auto second = stock.take(11 * page);
    auto third = stock.take(9 * page);
    const auto* const newest = third.bytes().data();
    first = page_buffer();
    second = page_buffer();
    third = page_buffer();
    BOOST_TEST(stock.mapped() == (1 + 10 + 11 + 9) * page);
    const auto larger = stock.take(12 * page);
    BOOST_TEST(stock.mapped() == (1 + 9 + 12) * page); // the first alone would not make up for it
    const auto much_smaller = stock.take(7 * page);
    BOOST_TEST(much_smaller.bytes().data() != newest);
    BOOST_TEST(stock.mapped() == (1 + 12 + 7) * page);
}

BOOST_AUTO_TEST_CASE(the_smallest_that_is_large_enough_is_lent) {
    page_stock stock;
    const auto out = stock.take(page);
    const std::byte* smaller = nullptr;
    {
        const auto large = stock.take(12 * page);
        const auto small = stock.take(11 * page);
        smaller = small.bytes().data();
    }
    const auto again = stock.take(10 * page);
    BOOST_TEST(again.bytes().data() == smaller);
}

BOOST_AUTO_TEST_CASE(what_lies_unused_from_one_shedding_to_the_next_goes) {
    page_stock stock;
    { const auto once = stock.take(10 * page); }
    stock.shed_unused(); // it was out since the beginning
    BOOST_TEST(stock.mapped() == 10 * page);
    stock.shed_unused();
    BOOST_TEST(stock.mapped() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_used_between_sheddings_stays_and_what_was_too_much_goes) {
    page_stock stock;
    {
        const auto one = stock.take(10 * page);
        const auto two = stock.take(10 * page);
        const auto three = stock.take(10 * page);
    }
    stock.shed_unused();
    for (int i = 0; i < 5; ++i) {
        { const auto used = stock.take(10 * page); }
        stock.shed_unused();
        BOOST_TEST(stock.mapped() == 10 * page);
    }
}

BOOST_AUTO_TEST_CASE(very_many_small_ones_are_not_all_kept) {
    page_stock stock;
    {
        std::vector<page_buffer> many;
        many.reserve(500);
        for (int i = 0; i < 500; ++i)
            many.push_back(stock.take(page));
    }
    BOOST_TEST(stock.mapped() > 0u);
    BOOST_TEST(stock.mapped() < 200 * page);
}

BOOST_AUTO_TEST_CASE(threads_take_and_give_back_at_once) {
    page_stock stock;
    const auto work = [&stock](std::byte mine) {
        for (std::size_t i = 0; i < 2000; ++i) {
            auto buffer = stock.take(1 + (i * 7919) % (8 * page));
            fill(buffer, mine);
            if (!holds(buffer, mine)) return false;
            if (i % 64 == 0) stock.shed_unused();
        }
        return true;
    };
    bool others = false;
    std::thread other([&] { others = work(std::byte{2}); });
    const bool own = work(std::byte{1});
    other.join();
    BOOST_TEST(own);
    BOOST_TEST(others);
    stock.shed_unused();
    stock.shed_unused();
    BOOST_TEST(stock.mapped() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
