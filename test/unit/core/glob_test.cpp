#include "core/glob.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

struct row {
    std::string pattern;
    std::string name;
    bool matches;
};

const std::vector<row> rows{
    {"A-1001", "A-1001", true},
    {"A-1001", "A-10011", false},
    {"A-1001", "A-100", false},
    {"", "", true},
    {"", "A", false},
    {"*", "", true},
    {"*", "anything at all", true},
    {"A*", "A", true},
    {"A*", "BA", false},
    {"*A", "BA", true},
    {"*A", "BAB", false},
    {"*A*", "BAB", true},
    {"a*b*c", "a-b-b-c", true},
    {"a*b*c", "a-c-b", false},
    {"a**c", "abc", true},
    {"*ab", "aab", true},
    {"*aab", "aaab", true},
    {"A-*-x", "A-1-x-2-x", true},
    {"?", "", false},
    {"?", "A", true},
    {"?", "AB", false},
    {"A?C", "ABC", true},
    {"A?C", "AC", false},
    // a character is one of UTF-8, not a byte
    {"?", "ü", true},
    {"??", "ü", false},
    {"M?ller", "Müller", true},
    {"?", "日", true},
    {"[äö]", "ö", true},
    {"[äö]", "ü", false},
    {"[а-я]*", "жук", true},
    {"*ü", "xü", true},
    // nor is one byte of a character found in another: ä is c3 a4, ü is c3 bc
    {"*\xa4*", "ä", false},
    // a byte that is no UTF-8 is itself
    {"?", "\xff", true},
    {"\xff", "\xff", true},
    {"\xff", "\xfe", false},
    {"\xff", "ÿ", false},
    // sets
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[abc]", "", false},
    {"[a-c]", "b", true},
    {"[a-c]", "d", false},
    {"[c-a]", "b", false},
    {"[!a-c]", "d", true},
    {"[!a-c]", "b", false},
    {"[^a-c]", "d", true},
    {"[!a]", "", false},
    {"[0-9][0-9]", "42", true},
    {"[0-9][0-9]", "4x", false},
    {"[a-]", "-", true},
    {"[-a]", "-", true},
    {"[]a]", "]", true},
    {"[!]a]", "]", false},
    {"[!]a]", "b", true},
    {"[*]", "*", true},
    {"[*]", "x", false},
    {"[\\]]", "]", true},
    {"[\\]]", "\\", false},
    {"*[0-9]", "case-7", true},
    {"*[0-9]", "case-7a", false},
    // a bracket that is never closed means itself
    {"A[1", "A[1", true},
    {"A[1", "A1", false},
    {"[", "[", true},
    {"[!", "[!", true},
    {"[a-", "[a-", true},
    {"[]", "[]", true},
    {"[", "x", false},
    // the next character itself
    {"\\*", "*", true},
    {"\\*", "x", false},
    {"A\\?", "A?", true},
    {"A\\?", "AB", false},
    {"\\[1]", "[1]", true},
    {"\\\\", "\\", true},
    {"\\", "\\", true},
    {"\\ü", "ü", true},
    // a leading dot, a slash and letter case are nothing special
    {"*", ".hidden", true},
    {"*", "a/b", true},
    {"a-*", "A-1", false},
};

} // namespace

BOOST_AUTO_TEST_SUITE(glob)

BOOST_AUTO_TEST_CASE(a_pattern_matches_the_whole_name) {
    for (const auto& row : rows)
        BOOST_TEST_CONTEXT(row.pattern << " and " << row.name) {
            BOOST_TEST(kyc::matches_glob(row.pattern, row.name) == row.matches);
        }
}

BOOST_AUTO_TEST_CASE(many_stars_do_not_take_for_ever) {
    std::string pattern;
    for (int i = 0; i < 50; ++i)
        pattern += "*a";
    BOOST_TEST(!kyc::matches_glob(pattern + "b", std::string(200, 'a')));
    BOOST_TEST(kyc::matches_glob(pattern, std::string(200, 'a')));
}

BOOST_AUTO_TEST_CASE(a_pattern_of_one_name_alone_is_that_name) {
    const std::pair<std::string, std::string> single[] = {{"A-1", "A-1"},     {"a\\b", "a\\b"}, {"\\[A\\]\\*", "[A]*"},
                                                          {"\\?\\\\", "?\\"}, {"\\*\\", "*\\"}, {"", ""}};
    for (const auto& [pattern, name] : single) {
        BOOST_TEST(kyc::only_name(pattern).value_or("none") == name);
        if (kyc::is_glob(pattern)) BOOST_TEST(kyc::matches_glob(pattern, name));
    }
    for (const std::string several : {"*", "A\\*?", "[1]", "A[1", "\\\\*"})
        BOOST_TEST(!kyc::only_name(several).has_value());
}

BOOST_AUTO_TEST_CASE(what_may_mean_more_than_itself_is_a_glob) {
    for (const std::string text : {"*", "A?", "[1]", "A[1"})
        BOOST_TEST(kyc::is_glob(text));
    for (const std::string text : {"", "A-1001", "A]", "a\\b", "Müller"})
        BOOST_TEST(!kyc::is_glob(text));
}

BOOST_AUTO_TEST_SUITE_END()
