#include "reverify/ticket_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

using namespace kyc;
using namespace kyc::reverify;

namespace {

ledger::ticket_case row_of(const std::string& folder, std::uint64_t number) {
    ledger::ticket_case row;
    row.folder = folder;
    row.service = folder;
    row.number = number;
    return row;
}

/// Of which folder the next one is, with these turned away; "": none.
std::string next_of(const ticket_queue& queue, const std::set<std::string>& turned_away = {}) {
    const auto may = [&turned_away](const std::string& folder, const ticket_queue::line&) {
        return !turned_away.contains(folder);
    };
    return queue.first_folder(may).value_or("");
}

/// A ledger of 100 cases, three of ocr_card and then one of kyc_card, again and again.
std::vector<ledger::ticket_case> ledger_rows(std::uint64_t from, std::size_t most) {
    std::vector<ledger::ticket_case> rows;
    for (auto number = from; number <= 100 && rows.size() < most; ++number)
        rows.push_back(row_of(number % 4 == 0 ? "kyc_card" : "ocr_card", number));
    return rows;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_queue_suite)

BOOST_AUTO_TEST_CASE(the_lowest_number_goes_first_of_those_that_may) {
    ticket_queue queue(10);
    BOOST_TEST(queue.empty());
    BOOST_TEST(next_of(queue) == "");
    queue.add(row_of("ocr_card", 1));
    queue.add(row_of("kyc_card", 2));
    queue.add(row_of("ocr_card", 3));
    BOOST_TEST(next_of(queue) == "ocr_card");
    BOOST_TEST(next_of(queue, {"ocr_card"}) == "kyc_card");
    BOOST_TEST(next_of(queue, {"ocr_card", "kyc_card"}) == "");
    BOOST_TEST(queue.take_first("ocr_card").number == 1U);
    BOOST_TEST(next_of(queue) == "kyc_card");
    queue.give_back(row_of("ocr_card", 1));
    BOOST_TEST(next_of(queue) == "ocr_card");
    BOOST_TEST(queue.take_last("ocr_card").number == 3U);
    BOOST_TEST(queue.take_last("ocr_card").number == 1U);
    BOOST_TEST(queue.take_first("kyc_card").number == 2U);
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_line_that_stands_still_is_not_kept_as_a_whole_and_none_of_it_is_lost) {
    ticket_queue queue(5);
    std::uint64_t read_to = 0;
    std::vector<std::uint64_t> begun;
    // While ocr_card is turned away, all of kyc_card goes.
    for (;;) {
        if (next_of(queue, {"ocr_card"}) == "kyc_card") {
            begun.push_back(queue.take_first("kyc_card").number);
            continue;
        }
        auto rows = ledger_rows(read_to + 1, 10);
        if (rows.empty()) break;
        read_to = rows.back().number;
        for (auto& row : rows)
            queue.add(std::move(row));
    }
    BOOST_TEST(begun.size() == 25U);
    BOOST_TEST(queue.lines().at("ocr_card").rows.size() == 5U);
    BOOST_TEST(queue.lines().at("ocr_card").passed_over_from == 7U);
    // Then ocr_card goes, each case once and in its order.
    begun.clear();
    while (next_of(queue) == "ocr_card") {
        const auto& line = queue.lines().at("ocr_card");
        if (!line.has_to_be_read()) {
            begun.push_back(queue.take_first("ocr_card").number);
            continue;
        }
        auto rows = ledger_rows(line.passed_over_from, 10);
        queue.passed_over_from("ocr_card",
                               rows.size() == 10 && rows.back().number < read_to ? rows.back().number + 1 : 0);
        for (auto& row : rows)
            queue.add_again("ocr_card", std::move(row));
    }
    BOOST_TEST(queue.empty());
    std::vector<std::uint64_t> all;
    for (std::uint64_t number = 1; number <= 100; ++number)
        if (number % 4 != 0) all.push_back(number);
    BOOST_TEST(begun == all, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
