#include "core/ticket_balance.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

namespace {

kyc::ticket_balance balance(std::uint64_t selected, std::uint64_t unchanged, std::uint64_t changed,
                            std::uint64_t failed, std::uint64_t skipped = 0) {
    kyc::ticket_balance so_far;
    so_far.selected = selected;
    so_far.unchanged = unchanged;
    so_far.changed = changed;
    so_far.failed = failed;
    so_far.skipped = skipped;
    return so_far;
}

kyc::ticket_bound share(double of) {
    kyc::ticket_bound bound;
    bound.share = of;
    return bound;
}

kyc::ticket_bound count(std::uint64_t of) {
    kyc::ticket_bound bound;
    bound.count = of;
    return bound;
}

/// Why a ticket with a bound on the failed ones, or on the changed ones, stops; empty: it goes on.
std::string with_failed(const kyc::ticket_bound& bound, const kyc::ticket_balance& so_far) {
    kyc::ticket asked;
    asked.stop_if_failed = bound;
    return kyc::reason_to_stop(asked, so_far).value_or("");
}

std::string with_changed(const kyc::ticket_bound& bound, const kyc::ticket_balance& so_far) {
    kyc::ticket asked;
    asked.stop_if_changed = bound;
    return kyc::reason_to_stop(asked, so_far).value_or("");
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_balance)

BOOST_AUTO_TEST_CASE(the_line_adds_up_after_every_case) {
    using enum kyc::ticket_case_end;
    auto so_far = balance(7, 0, 0, 0);
    BOOST_TEST(so_far.line() == "7 selected = 0 unchanged + 0 changed + 0 failed + 0 skipped + 7 not done");
    std::uint64_t left = 7;
    for (const auto how : {unchanged, changed, unchanged, failed, skipped, unchanged}) {
        so_far.add(how);
        --left;
        BOOST_TEST(so_far.not_done() == left);
        BOOST_TEST(so_far.selected ==
                   so_far.unchanged + so_far.changed + so_far.failed + so_far.skipped + so_far.not_done());
    }
    BOOST_TEST(so_far.line() == "7 selected = 3 unchanged + 1 changed + 1 failed + 1 skipped + 1 not done");
    so_far.add(waiting);
    BOOST_TEST((so_far == balance(7, 3, 1, 1, 1)));
    BOOST_TEST(so_far.ended() == 6U);
}

BOOST_AUTO_TEST_CASE(the_words_of_the_ledger_are_read_back) {
    using enum kyc::ticket_case_end;
    const std::vector<std::pair<kyc::ticket_case_end, std::string>> words{
        {waiting, "waiting"}, {unchanged, "unchanged"}, {changed, "changed"}, {failed, "failed"}, {skipped, "skipped"}};
    for (const auto& [end, word] : words) {
        BOOST_TEST(kyc::to_string(end) == word);
        BOOST_TEST((kyc::ticket_case_end_from(word) == end));
    }
    BOOST_TEST((kyc::ticket_case_end_from("Failed") == waiting));
    BOOST_TEST((kyc::ticket_case_end_from("") == waiting));
}

BOOST_AUTO_TEST_CASE(a_ticket_without_bounds_goes_on_whatever_comes) {
    BOOST_TEST(!kyc::reason_to_stop(kyc::ticket{}, balance(100, 0, 0, 100)).has_value());
}

BOOST_AUTO_TEST_CASE(a_count_stops_with_the_first_case_above_it) {
    BOOST_TEST(with_failed(count(3), balance(100, 40, 0, 3)) == "");
    BOOST_TEST(with_failed(count(3), balance(100, 40, 0, 4)) ==
               "4 of 44 cases failed, more than the 3 that stop_if.failed allows");
    BOOST_TEST(with_failed(count(0), balance(100, 0, 0, 1)) ==
               "1 of 1 case failed, more than the 0 that stop_if.failed allows");
    BOOST_TEST(with_changed(count(2), balance(100, 10, 3, 0)) ==
               "3 of 13 cases have another answer now, more than the 2 that stop_if.changed allows");
    BOOST_TEST(with_changed(count(2), balance(100, 10, 0, 3)) == "");
}

BOOST_AUTO_TEST_CASE(a_share_is_judged_once_twenty_were_answered_or_failed) {
    BOOST_TEST(with_failed(share(0.2), balance(100, 0, 0, 19)) == "");
    BOOST_TEST(with_failed(share(0.2), balance(100, 0, 0, 20)) ==
               "20 of 20 cases failed (100 %), more than the 20 % that stop_if.failed allows");
    // skipped ones were neither
    BOOST_TEST(with_failed(share(0.2), balance(100, 0, 0, 19, 50)) == "");
    BOOST_TEST(with_failed(share(0.2), balance(100, 10, 6, 4)) == "");
    BOOST_TEST(with_failed(share(0.2), balance(100, 10, 5, 5)) ==
               "5 of 20 cases failed (25 %), more than the 20 % that stop_if.failed allows");
    BOOST_TEST(with_changed(share(0.125), balance(100, 20, 3, 1)) == "");
    BOOST_TEST(with_changed(share(0.125), balance(100, 19, 4, 1)) ==
               "4 of 24 cases have another answer now (16.7 %), more than the 12.5 % that stop_if.changed allows");
}

BOOST_AUTO_TEST_CASE(exactly_the_share_is_allowed) {
    for (std::uint64_t percent = 1; percent < 100; ++percent) {
        const auto bound = share(static_cast<double>(percent) / 100);
        BOOST_TEST(with_failed(bound, balance(1'000, 100 - percent, 0, percent)) == "");
        BOOST_TEST(with_failed(bound, balance(1'000, 99 - percent, 0, percent + 1)) != "");
    }
    BOOST_TEST(with_failed(share(1), balance(30, 0, 0, 30)) == "");
    BOOST_TEST(with_failed(share(0), balance(30, 20, 0, 0)) == "");
    BOOST_TEST(with_failed(share(0), balance(30, 19, 0, 1)) != "");
}

BOOST_AUTO_TEST_CASE(a_small_ticket_is_judged_when_all_that_can_be_are_done) {
    BOOST_TEST(with_failed(share(0.2), balance(5, 0, 0, 4)) == "");
    BOOST_TEST(with_failed(share(0.2), balance(5, 0, 0, 5)) != "");
    BOOST_TEST(with_failed(share(0.2), balance(5, 0, 0, 3, 2)) != "");
    BOOST_TEST(with_failed(share(0.2), balance(5, 0, 0, 0, 5)) == "");
    BOOST_TEST(with_failed(share(0.2), balance(0, 0, 0, 0)) == "");
}

BOOST_AUTO_TEST_CASE(of_two_bounds_either_stops) {
    kyc::ticket asked;
    asked.stop_if_failed = count(1);
    asked.stop_if_changed = count(1);
    BOOST_TEST(!kyc::reason_to_stop(asked, balance(9, 1, 1, 1)).has_value());
    BOOST_TEST(kyc::reason_to_stop(asked, balance(9, 1, 2, 1)).value_or("").find("stop_if.changed") !=
               std::string::npos);
    BOOST_TEST(kyc::reason_to_stop(asked, balance(9, 1, 1, 2)).value_or("").find("stop_if.failed") !=
               std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
