#include "core/advice_again.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(advice_again_suite)

BOOST_AUTO_TEST_CASE(who_verifies_again_is_not_told_to_drop_or_to_retry_the_case) {
    std::vector<std::string> words{"LEFT_OUTBOX", "NOT_REPLACED", "NOT_REPEATED"};
    for (int code = 0; code <= static_cast<int>(kyc::failure_code::task_unread); ++code)
        words.emplace_back(to_string(static_cast<kyc::failure_code>(code)));
    for (const auto& word : words) {
        const auto advice = kyc::advice_again(word);
        BOOST_TEST(advice.size() > 20, word);
        BOOST_TEST(advice.back() == '.', word);
        BOOST_TEST(advice.find(". ") == std::string_view::npos, word);
        for (const auto* const impossible : {"drop the case", "dropped again", "etry "})
            BOOST_TEST(advice.find(impossible) == std::string_view::npos, word);
    }
    BOOST_TEST(kyc::advice_again("") == "");
    BOOST_TEST(kyc::advice_again(kyc::failure_code::task_rejected).find("history/<time>.error.json") !=
               std::string_view::npos);
}

BOOST_AUTO_TEST_SUITE_END()
