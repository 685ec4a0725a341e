#include "core/ticket_balance.hpp"
#include "told/ticket_reasons.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::reverify;

BOOST_AUTO_TEST_SUITE(ticket_reasons_suite)

BOOST_AUTO_TEST_CASE(a_pause_is_known_by_its_sentence) {
    BOOST_TEST((pause_of(paused_by_name) == ticket_pause::person));
    BOOST_TEST((pause_of(paused_for_ledger) == ticket_pause::ledger));
    BOOST_TEST((pause_of("canary A-1: pass before, fail now") == ticket_pause::canaries));
    BOOST_TEST((pause_of("none of its canaries could be sent") == ticket_pause::canaries));
}

BOOST_AUTO_TEST_CASE(an_end_is_known_by_its_sentence) {
    BOOST_TEST((outcome_of("") == ticket_outcome::done));
    BOOST_TEST((outcome_of(ended_by_name) == ticket_outcome::cancelled));
    BOOST_TEST((outcome_of(ended_without_file) == ticket_outcome::cancelled));
    BOOST_TEST((outcome_of(ended_with_window) == ticket_outcome::window));
    BOOST_TEST(ended_by_budget(500) == "its budget of 500 calls is spent");
    BOOST_TEST((outcome_of(ended_by_budget(500)) == ticket_outcome::budget));
    BOOST_TEST(
        (outcome_of("it cannot be read any more: night.yaml:3: there is no case A-1") == ticket_outcome::unreadable));
    ticket asked;
    asked.stop_if_changed = ticket_bound{2, std::nullopt};
    const auto why = reason_to_stop(asked, ticket_balance{10, 0, 3, 0, 0});
    BOOST_REQUIRE(why.has_value());
    BOOST_TEST((outcome_of(*why) == ticket_outcome::stop_if));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_text_is_not_told_everywhere) {
    BOOST_TEST(end_reason_without_names("it cannot be read any more: names: MUSTERMANN") ==
               "it cannot be read any more");
    BOOST_TEST(end_reason_without_names("cancelled") == "cancelled");
    BOOST_TEST(end_reason_without_names("").empty());
}

BOOST_AUTO_TEST_CASE(each_kind_has_a_word_of_its_own) {
    std::string words;
    for (const auto each : ticket_pauses)
        words += std::string(to_string(each)) + " ";
    for (const auto each : ticket_outcomes)
        words += std::string(to_string(each)) + " ";
    BOOST_TEST(words == "person canaries ledger done cancelled stop_if budget window unreadable ");
}

BOOST_AUTO_TEST_SUITE_END()
