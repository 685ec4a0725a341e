#include "commands/spool_folders.hpp"
#include "commands/spool_view.hpp"
#include "text/words.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <vector>

using namespace kyc;

namespace {

utc_time at(const char* text) {
    return *from_iso8601(text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(words_suite)

BOOST_AUTO_TEST_CASE(what_could_fool_a_terminal_is_escaped_and_the_rest_is_kept) {
    BOOST_TEST(printable("A-1 ä 漢 😀 \"x\" \\ /") == "A-1 ä 漢 😀 \"x\" \\ /");
    BOOST_TEST(printable("a\nb\t\x1b[2J\x7f") == "a\\x0ab\\x09\\x1b[2J\\x7f");
    BOOST_TEST(printable("\xC2\x9B"
                         "2J") == "\\xc2\\x9b2J"); // CSI in eight bits
    BOOST_TEST(printable("x\xE2\x80\xAEgpj") == "x\\xe2\\x80\\xaegpj");
    BOOST_TEST(printable("\xFF\xFE\xC3") == "\\xff\\xfe\\xc3");
    BOOST_TEST(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80"); // half a surrogate
    BOOST_TEST(printable("") == "");
}

BOOST_AUTO_TEST_CASE(the_columns_of_a_text_are_those_of_a_terminal) {
    const std::vector<std::pair<std::string, std::size_t>> texts{{"", 0},       {"A-1", 3}, {"ä", 1}, {"e\xCC\x81", 1},
                                                                 {"王小明", 6}, {"김", 2},  {"Ω", 1}, {"😀", 2},
                                                                 {"\xFF", 1},   {"한a", 3}};
    for (const auto& [text, columns] : texts)
        BOOST_TEST(columns_of(text) == columns, text);
    BOOST_TEST(padded("王", 4) == "王  ");
    BOOST_TEST(padded("王", 4, true) == "  王");
    BOOST_TEST(padded("王小明", 4) == "王小明");
}

BOOST_AUTO_TEST_CASE(ages_have_two_units_at_most) {
    using namespace std::chrono_literals;
    const std::vector<std::pair<std::chrono::system_clock::duration, std::string>> ages{
        {-5s, "0s"},           {999ms, "0s"},          {41s, "41s"}, {60s, "1m 00s"}, {3min + 12s, "3m 12s"},
        {2h + 5min, "2h 05m"}, {76h + 59min, "3d 04h"}};
    for (const auto& [age, words] : ages)
        BOOST_TEST(age_words(age) == words);
}

BOOST_AUTO_TEST_CASE(a_time_is_read_in_the_ways_people_write_it) {
    const auto now = at("2026-11-20T12:00:00.000Z");
    const std::vector<std::pair<std::string, std::string>> good{
        {"2h", "2026-11-20T10:00:00.000Z"},
        {"3d", "2026-11-17T12:00:00.000Z"},
        {"0", "2026-11-20T12:00:00.000Z"},
        {"2026-11-20", "2026-11-20T00:00:00.000Z"},
        {"2026-11-20T01:02", "2026-11-20T01:02:00.000Z"},
        {"2026-11-20T01:02Z", "2026-11-20T01:02:00.000Z"},
        {"2026-11-20 01:02:03Z", "2026-11-20T01:02:03.000Z"},
        {"2026-11-20T01:02:03.456Z", "2026-11-20T01:02:03.456Z"},
    };
    for (const auto& [text, time] : good) {
        const auto read = parse_since(text, now);
        BOOST_REQUIRE_MESSAGE(read.has_value(), text);
        BOOST_TEST(to_iso8601(*read) == time);
    }
    for (const auto* text : {"", "yesterday", "2026-13-01", "2026-11-31", "20", "-2h", "2026-11-20T25:00",
                             "2026-11-20T", "Z", "2026-11-20x01:02"}) {
        const auto read = parse_since(text, now);
        BOOST_TEST(!read.has_value(), text);
        if (!read) BOOST_TEST(read.error().find("is no time") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(columns_stand_below_each_other_whatever_is_in_them) {
    text_table table({"name", "cases", "age"});
    table.add({"äö", "5", "1s"});
    table.add({"a\nb", "1234", "2m 00s"});
    std::ostringstream out;
    table.print(out, {1, 2});
    BOOST_TEST(out.str() == "name    cases     age\n"
                            "äö          5      1s\n"
                            "a\\x0ab   1234  2m 00s\n");
}

BOOST_AUTO_TEST_CASE(a_case_is_named_with_or_without_its_service) {
    const auto plain = parse_case_words("A-1");
    BOOST_REQUIRE(plain.has_value());
    BOOST_TEST(plain->service == "");
    BOOST_TEST(plain->name == "A-1");
    const auto full = parse_case_words("kyc_card/A-1");
    BOOST_REQUIRE(full.has_value());
    BOOST_TEST(full->service == "kyc_card");
    for (const auto* text : {"", "/", "a/", "/a", "a/b/c", "..", "../x", "x/..", "."})
        BOOST_TEST(!parse_case_words(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(the_number_that_delivery_appends_is_told_from_a_name) {
    const std::vector<std::pair<std::string, std::string>> names{
        {"A-1~2", "A-1"}, {"A-1~10", "A-1"}, {"A-1", "A-1"},   {"A-1~1", "A-1~1"}, {"A-1~02", "A-1~02"},
        {"~2", "~2"},     {"A~", "A~"},      {"A~2x", "A~2x"}, {"A~2~3", "A~2"}};
    for (const auto& [folder, name] : names)
        BOOST_TEST(without_number(folder) == name);
    BOOST_TEST(is_numbered("A-1~2", "A-1"));
    BOOST_TEST(is_numbered("A-1~2", "A-1~2"));
    BOOST_TEST(!is_numbered("A-1", "A-1~2"));
}

BOOST_AUTO_TEST_SUITE_END()
