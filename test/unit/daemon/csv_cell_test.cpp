#include "text/csv_cell.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>
#include <vector>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(csv_cell_suite)

BOOST_AUTO_TEST_CASE(a_cell_stays_in_its_cell_and_is_no_formula) {
    const std::vector<std::pair<std::string, std::string>> cells{
        {"", ""},
        {"A-1001", "A-1001"},
        {"a b", "a b"},
        {"a,b", "\"a,b\""},
        {"a;b", "\"a;b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {" a", "\" a\""},
        {"a ", "\"a \""},
        {"=1+1", "'=1+1"},
        {"+49", "'+49"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        // Where a list is parted by semicolons, a line is parted there whatever is in quotes.
        {"a;=1+1;b", "\"a;'=1+1;b\""},
        {";@x;-1;+1;", "\";'@x;'-1;'+1;\""},
        {"=1;=2", "\"'=1;'=2\""},
        {"a;\"=1+1;b", "\"a;\"\"'=1+1;b\""},
        {"a;\"\"=1", "\"a;\"\"\"\"'=1\""},
        {"a;b=c", "\"a;b=c\""},
        {"a\t=1", "a\\x09=1"},
        {"=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""},
        {"\t=1", "\\x09=1"},
        {"\r=1", "\\x0d=1"},
        {"a\r\nb", "a\\x0d\\x0ab"},
        {"M\xC3\xBCller", "M\xC3\xBCller"},
        {"a\xFF", "a\\xff"},
        {"a\xE2\x80\xAE"
         "b",
         "a\\xe2\\x80\\xaeb"},
    };
    for (const auto& [text, cell] : cells)
        BOOST_TEST(csv_cell(text) == cell);
}

BOOST_AUTO_TEST_SUITE_END()
