#include "core/nearest_word.hpp"
#include "core/report_json.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(written_words)

BOOST_AUTO_TEST_CASE(a_word_that_is_two_letters_off_is_meant) {
    const std::vector<std::string> known{"intake", "limits", "limit", "Group", "ab"};
    const std::vector<std::pair<std::string, std::string>> meant{{"intak", "intake"},
                                                                 {"limt", "limit"},
                                                                 {"LIMITS", "limits"},
                                                                 {"group", "Group"},
                                                                 {"itnake", "intake"},
                                                                 {"ba", ""},
                                                                 {"abc", "ab"},
                                                                 {"x", ""},
                                                                 {"", ""},
                                                                 {"retention", ""},
                                                                 {"intakeintake", ""}};
    for (const auto& [written, expected] : meant)
        BOOST_TEST(nearest_word(written, known).value_or("") == expected, written);
    BOOST_TEST(!nearest_word("a", {}));
}

BOOST_AUTO_TEST_CASE(a_time_is_read_as_people_write_it) {
    for (const auto* text :
         {"2026-11-20T01:02", "2026-11-20 01:02:00", "2026-11-20T01:02:00.000Z", "2026-11-20 01:02Z"})
        BOOST_TEST((from_written_time(text) == from_iso8601("2026-11-20T01:02:00.000Z")), text);
    BOOST_TEST((from_written_time("2026-11-20") == from_iso8601("2026-11-20T00:00:00.000Z")));
    for (const auto* text : {"", "Z", "2026-11-31", "2026-11-20T", "2026-11-20T25:00", "20.11.2026", "now"})
        BOOST_TEST(!from_written_time(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
