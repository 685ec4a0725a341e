#include "core/json_text.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    kyc::append_json_string(out, text);
    return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(what_is_not_utf_8_becomes_the_replacement_character) {
    const std::string r = "\uFFFD";
    const std::vector<std::pair<std::string, std::string>> texts{
        {"é€😀", "é€😀"},
        {"\x80", r},
        {"a\xc3", "a" + r},
        {"a\xc3z", "a" + r + "z"},
        {"\xc0\xaf", r + r},                 // overlong
        {"\xe0\x80\xaf", r + r + r},         // overlong
        {"\xf0\x80\x80\xaf", r + r + r + r}, // overlong
        {"\xed\xa0\x80", r + r + r},         // a surrogate
        {"\xf4\x90\x80\x80", r + r + r + r}, // past the last character
        {"\xf5", r},
        {"\xe2\x82", r}, // cut
        {"\xe2\x82z", r + "z"},
        {"\xf0\x9f\x98", r},
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
        {"\xef\xbf\xbf", "\xef\xbf\xbf"},
    };
    for (const auto& [given, expected] : texts) {
        BOOST_TEST(quoted(given) == '"' + expected + '"');
    }
}

BOOST_AUTO_TEST_CASE(control_characters_are_escaped) {
    BOOST_TEST(quoted(std::string_view("\0\b\t\n\f\r\x1f\x7f", 8)) == R"("\u0000\b\t\n\f\r\u001f\u007f")");
    BOOST_TEST(quoted("\xc2\x80\xc2\x9f\xc2\xa0") == "\"\\u0080\\u009f\xc2\xa0\"");
    BOOST_TEST(quoted("\"\\/") == R"("\"\\/")");
}

BOOST_AUTO_TEST_CASE(every_string_that_was_written_is_read_back) {
    std::string all;
    for (int c = 0; c < 128; ++c) {
        all += static_cast<char>(c);
    }
    std::string error;
    const auto value = kyc::parse_json(quoted(all), error);
    BOOST_TEST_REQUIRE(value.is_string(), error);
    BOOST_TEST(std::string(value.get_string()) == all);
}

BOOST_AUTO_TEST_CASE(a_parse_error_quotes_nothing) {
    std::string error;
    BOOST_TEST(kyc::parse_json(R"({"name": ERIKA})", error).is_null());
    BOOST_TEST(!error.empty());
    BOOST_TEST(error.find("ERIKA") == std::string::npos);
    BOOST_TEST(kyc::parse_json("null", error).is_null());
    BOOST_TEST(error.empty());
}

BOOST_AUTO_TEST_CASE(a_text_is_cut_between_characters) {
    BOOST_TEST(kyc::utf8_prefix("abc", 5) == "abc");
    BOOST_TEST(kyc::utf8_prefix("abc", 3) == "abc");
    BOOST_TEST(kyc::utf8_prefix("abc", 2) == "ab");
    BOOST_TEST(kyc::utf8_prefix("a€b", 4) == "a€");
    BOOST_TEST(kyc::utf8_prefix("a€b", 3) == "a");
    BOOST_TEST(kyc::utf8_prefix("a€b", 2) == "a");
    BOOST_TEST(kyc::utf8_prefix("😀", 3) == "");
    BOOST_TEST(kyc::utf8_prefix("x", 0) == "");
    BOOST_TEST(kyc::utf8_prefix("\x80\x80\x80\x80\x80\x80", 4).size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
