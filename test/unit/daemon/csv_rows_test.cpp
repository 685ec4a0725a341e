#include "text/csv_rows.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace kyc;

namespace {

using cells = std::vector<std::string>;

csv_table good(std::string_view text) {
    auto read = read_csv(text);
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read.has_value() ? "" : read.error()));
    return std::move(*read);
}

std::string bad(std::string_view text) {
    const auto read = read_csv(text);
    BOOST_REQUIRE_MESSAGE(!read.has_value(), "was taken: " << text);
    return read.error();
}

} // namespace

BOOST_AUTO_TEST_SUITE(csv_rows_suite)

BOOST_AUTO_TEST_CASE(rows_know_their_lines_and_columns_their_names) {
    const auto table = good("name,service,Front_ID\nA-1,ocr_card,a.jpg\n\n \t\nA-2, ocr_card ,b.jpg\n");
    BOOST_TEST(table.header == (cells{"name", "service", "Front_ID"}), boost::test_tools::per_element());
    BOOST_TEST(table.header_line == 1u);
    BOOST_REQUIRE(table.rows.size() == 2u);
    BOOST_TEST(table.rows[0].line == 2u);
    BOOST_TEST(table.rows[1].line == 5u);
    BOOST_TEST(table.rows[1].cells == (cells{"A-2", "ocr_card", "b.jpg"}), boost::test_tools::per_element());
    BOOST_TEST(*table.column("front_id") == 2u);
    BOOST_TEST(*table.column("NAME") == 0u);
    BOOST_TEST(!table.column("selfie"));
    BOOST_TEST(table.columns_in_words() == "name, service, Front_ID");
    BOOST_TEST(table.rows[0].cell(2) == "a.jpg");
    BOOST_TEST(table.rows[0].cell(3) == "");
}

BOOST_AUTO_TEST_CASE(what_spreadsheets_write_is_read) {
    const std::vector<std::pair<std::string, char>> texts{{"\xEF\xBB\xBFname,x\r\nA-1,1\r\n", ','},
                                                          {"name;x\nA-1;1", ';'},
                                                          {"name\tx\nA-1\t1\n", '\t'},
                                                          {"name,x\rA-1,1\r", ','},
                                                          {"\"na\"\"me;,\";x\n A-1 ;1\n", ';'},
                                                          {"\r\n\nname;x\nA-1;1\n", ';'}};
    for (const auto& [text, delimiter] : texts) {
        BOOST_TEST_CONTEXT(text) {
            const auto table = good(text);
            BOOST_TEST(table.delimiter == delimiter);
            BOOST_REQUIRE(table.rows.size() == 1u);
            BOOST_TEST(table.rows[0].cells == (cells{"A-1", "1"}), boost::test_tools::per_element());
        }
    }
    BOOST_TEST(good("name\nA-1\n").delimiter == ',');
    // A column that is empty is still one, also where tabs part them.
    BOOST_TEST(good("a\tb\tc\n\t\tx\n").rows.at(0).cells == (cells{"", "", "x"}), boost::test_tools::per_element());
    BOOST_TEST(good("a,b\n,\n").rows.at(0).cells == (cells{"", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_row_in_quotes_goes_over_lines_and_the_next_one_knows_its_own) {
    const auto table = good("name,x\r\nA-1,\"one\r\n\r\n\"\"two\"\", three\"\r\nA-2,\"\"\r\n");
    BOOST_REQUIRE(table.rows.size() == 2u);
    BOOST_TEST(table.rows[0].line == 2u);
    BOOST_TEST(table.rows[0].cells[1] == "one\r\n\r\n\"two\", three");
    BOOST_TEST(table.rows[1].line == 5u);
    BOOST_TEST(table.rows[1].cells == (cells{"A-2", ""}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(rows_of_another_length_are_left_to_the_reader) {
    const auto table = good("a,b\n1\n1,2,3\n");
    BOOST_TEST(table.rows[0].cells.size() == 1u);
    BOOST_TEST(table.rows[1].cells.size() == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_no_csv_is_named_with_its_line) {
    BOOST_TEST(bad("") == "is empty; the first row must name the columns");
    BOOST_TEST(bad("\xEF\xBB\xBF\n \n") == "is empty; the first row must name the columns");
    BOOST_TEST(bad("\xFF\xFEn\0") == "is UTF-16, which this is not read as: save the file as CSV UTF-8");
    BOOST_TEST(bad("name\nA-1\nM\xFCller\n") == "line 3: holds bytes that are not UTF-8: save the file as CSV UTF-8");
    BOOST_TEST(bad(std::string_view("PK\3\4\0\0", 6)) ==
               "line 1: holds a byte 0, which no text has: is it a spreadsheet's own format?");
    BOOST_TEST(bad("name,x\nA-1,5\" wide\n").starts_with("line 2: a quote stands inside a cell"));
    BOOST_TEST(bad("name,x\nA-1,\"5\nA-2,\"6\n").find("line 3: a quote stands inside a cell") == 0u);
    BOOST_TEST(bad("name,x\nA-1,\"5\nA-2,\"6\n").ends_with("(its row began in line 2)"));
    BOOST_TEST(bad("name,x\nA-1,y\nA-2,\"6\nA-3,z\n") == "line 3: a quote is opened in this row and never closed");
    BOOST_TEST(bad("\nname,x,NAME\n") == "line 2: two columns are called \"NAME\"");
    BOOST_TEST(good("name,,\nA-1,,\n").rows.size() == 1u); // columns without a name are nobody's
}

BOOST_AUTO_TEST_SUITE_END()
