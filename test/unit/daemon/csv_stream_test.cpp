#include "text/csv_stream.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace kyc;

namespace {

/// What a text comes to that arrives in pieces of this many bytes: the rows with their lines, or the error.
std::string read_in_pieces(std::string text, std::size_t size) {
    csv_stream stream([&text, size](std::span<char> into) {
        const auto got = text.copy(into.data(), std::min(size, into.size()));
        text.erase(0, got);
        return got;
    });
    std::string told;
    const auto tell = [&told](std::size_t line, const std::vector<std::string>& cells) {
        told += std::to_string(line);
        for (const auto& cell : cells)
            told += "|" + cell;
        told += "\n";
    };
    const auto head = stream.read_header();
    if (!head) return head.error();
    tell(head->header_line, head->header);
    for (;;) {
        const auto row = stream.next();
        if (!row) return told + row.error();
        if (!*row) return told;
        tell((*row)->line, (*row)->cells);
    }
}

/// The same for a reader who goes on behind a broken row: those with a "!" instead of their cells.
std::string read_on_in_pieces(std::string text, std::size_t size) {
    csv_stream stream([&text, size](std::span<char> into) {
        const auto got = text.copy(into.data(), std::min(size, into.size()));
        text.erase(0, got);
        return got;
    });
    std::string told;
    if (const auto head = stream.read_header(); !head) return head.error();
    for (;;) {
        const auto row = stream.next_or_broken();
        if (!row) return told + row.error();
        if (!*row) return told;
        if (const auto* broken = std::get_if<broken_row>(&**row)) {
            told += std::to_string(broken->line) + "!" + broken->why.substr(0, broken->why.find_first_of(":;,")) + "\n";
            continue;
        }
        const auto& good = std::get<csv_row>(**row);
        told += std::to_string(good.line);
        for (const auto& cell : good.cells)
            told += "|" + cell;
        told += "\n";
    }
}

const std::string inside = "!a quote stands inside a cell\n";
const std::string unclosed = "!a quote is opened in this row and never closed\n";
const std::string no_utf8 = "!holds bytes that are not UTF-8\n";

} // namespace

BOOST_AUTO_TEST_SUITE(csv_stream_suite)

BOOST_AUTO_TEST_CASE(a_row_that_cannot_be_read_is_told_and_the_next_one_read) {
    const std::pair<std::string, std::string> texts[] = {
        {"name,x\nA,1\nO\"Brien,2\nB,3\n", "2|A|1\n3" + inside + "4|B|3\n"},
        {"name,x\r\nA,1\r\nZo\xEB,2\r\nB,3\r\n", "2|A|1\n3" + no_utf8 + "4|B|3\n"},
        {"name,x\nZo\xEB,\"2\n\"\nB,3\n", "2" + no_utf8 + "4|B|3\n"},
        {"name,x\nA,\"2\nZo\xEB\"\nB,3\n", "2!line 3 of it holds bytes that are not UTF-8\n4|B|3\n"},
        // What an open quote takes in is read for itself.
        {"name,x\n\"A,1\nB,2\nC,3", "2" + unclosed + "3|B|2\n4|C|3\n"},
        {"name,x\n\"A,1\nB,2\n\"C\",3\nD,4\n", "2" + unclosed + "3|B|2\n4|C|3\n5|D|4\n"},
        {"name,x\n\"A,1\n\n\"B,2\nC,3\n", "2" + unclosed + "4" + unclosed + "5|C|3\n"},
        {"name,x\nA,\"1\n", "2" + unclosed},
        {"name,x\nA,\"1", "2" + unclosed},
        {"name,x\n\"\n\"\n\"\nB,1\n", "2|\n\n4" + unclosed + "5|B|1\n"},
        // But a piece of a text that is broken is no row.
        {"name,x\nA,\"Elm Street\nRiverside\n5 \"B\nC,3\n",
         "2" + unclosed + "3!the quote in line 2 is never closed\n4" + inside + "5|C|3\n"},
        {"na\"me,x\nA,1\n",
         "line 1: a quote stands inside a cell; a cell with quotes is written in quotes itself, those inside doubled"},
    };
    for (const auto& [text, expected] : texts)
        for (const std::size_t size : {1u, 2u, 3u, 5u, 4096u})
            BOOST_TEST_CONTEXT(text << " in pieces of " << size) {
                BOOST_TEST(read_on_in_pieces(text, size) == expected);
            }
    // A file that is no text at all.
    const std::string no_text("name,x\nA,1\nB,\0C\nD,4\n", 20);
    BOOST_TEST(read_on_in_pieces(no_text, 3) ==
               "2|A|1\nline 3: holds a byte 0, which no text has: is it a spreadsheet's own format?");
}

BOOST_AUTO_TEST_CASE(what_a_quote_takes_in_is_never_more_than_a_row_may_be) {
    // Some three mebibytes of rows behind the quote, and a line that is longer than any row.
    std::string text = "name,x\n\"A,1\n";
    for (int i = 0; i < 300'000; ++i)
        text += "B-" + std::to_string(i) + ",2\n";
    text += "C," + std::string(std::size_t{3} << 20, 'x') + "\nD,4\n\"E," + std::string(std::size_t{2} << 20, 'y');
    const auto told = read_on_in_pieces(text, 1 << 16);
    BOOST_TEST(std::count(told.begin(), told.end(), '\n') == 300'004);
    BOOST_TEST(told.starts_with("2!the row is longer than a mebibyte\n3|B-0|2\n4|B-1|2\n"));
    BOOST_TEST(told.ends_with("300002|B-299999|2\n300003!the row is longer than a mebibyte\n300004|D|4\n"
                              "300005!the row is longer than a mebibyte\n"));
}

BOOST_AUTO_TEST_CASE(a_line_for_excel_says_what_parts_the_cells) {
    const std::pair<std::string, std::string> texts[] = {
        {"sep=;\r\nname;a,b,c\r\nA-1;2\r\n", "2|name|a,b,c\n3|A-1|2\n"},
        {"\xEF\xBB\xBFsep=,\nname,x\nA-1,2\n", "2|name|x\n3|A-1|2\n"},
        {"\"sep=|\"\rname|x\rA-1|2\r", "2|name|x\n3|A-1|2\n"},
        {"\nsep=\t\n\nname\tx\nA-1\t2\n", "4|name|x\n5|A-1|2\n"},
        // Once, and nothing else is such a line.
        {"sep=;\nsep=,\nA-1\n", "2|sep=,\n3|A-1\n"},
        {"sep=x\nA-1\n", "1|sep=x\n2|A-1\n"},
        {"sep=;,x\nA-1,2\n", "1|sep=;|x\n2|A-1|2\n"},
        {"sep=;\n", "is empty; the first row must name the columns"},
    };
    for (const auto& [text, expected] : texts)
        for (const std::size_t size : {1u, 4096u})
            BOOST_TEST_CONTEXT(text << " in pieces of " << size) {
                BOOST_TEST(read_in_pieces(text, size) == expected);
            }
}

BOOST_AUTO_TEST_CASE(how_the_bytes_arrive_makes_no_difference) {
    const std::pair<std::string, std::string> texts[] = {
        {"name,x\nA-1,1\n", "1|name|x\n2|A-1|1\n"},
        {"\xEF\xBB\xBFname;x\r\n\r\nA-1;\"1\r\n2\"\r\nA-2;3", "1|name|x\n3|A-1|1\r\n2\n5|A-2|3\n"},
        {"name\rA-1\r\rA-2\r", "1|name\n2|A-1\n4|A-2\n"},
        {"\n \n\"na\nme\"\tx\nM\xC3\xBCller\t2\n", "3|na\nme|x\n5|M\xC3\xBCller|2\n"},
        {"name,x\nA-1,\"5\nA-2,1\n", "1|name|x\nline 2: a quote is opened in this row and never closed"},
        {"name\nA-1\nM\xFCller\n", "1|name\n2|A-1\nline 3: holds bytes that are not UTF-8: save the file as CSV UTF-8"},
        {"\xFF\xFEn", "is UTF-16, which this is not read as: save the file as CSV UTF-8"},
        {"\"name\nx\n", "line 1: a quote is opened in this row and never closed"},
        {"", "is empty; the first row must name the columns"},
    };
    for (const auto& [text, expected] : texts)
        for (const std::size_t size : {1u, 2u, 3u, 5u, 4096u})
            BOOST_TEST_CONTEXT(text << " in pieces of " << size) {
                BOOST_TEST(read_in_pieces(text, size) == expected);
            }
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_never_closed_does_not_take_the_whole_file_in) {
    std::size_t given = 0;
    csv_stream stream([&given](std::span<char> into) {
        const std::string begin = "name\n\"A-1\n";
        const auto got = given == 0 ? begin.copy(into.data(), into.size()) : into.size();
        if (given != 0) std::fill(into.begin(), into.end(), 'x');
        given += got;
        return got;
    });
    BOOST_REQUIRE(stream.read_header());
    const auto row = stream.next();
    BOOST_REQUIRE(!row);
    BOOST_TEST(row.error() == "line 2: the row is longer than a mebibyte; is a quote never closed?");
    BOOST_TEST(given < std::size_t{4} << 20);
}

BOOST_AUTO_TEST_CASE(many_rows_come_one_by_one) {
    std::string text = "name,x\n";
    for (int i = 0; i < 20'000; ++i)
        text += "A-" + std::to_string(i) + ",\"a cell in quotes\"\n";
    const auto told = read_in_pieces(text, 1000);
    BOOST_TEST(std::count(told.begin(), told.end(), '\n') == 20'001);
    BOOST_TEST(told.ends_with("20001|A-19999|a cell in quotes\n"));
}

BOOST_AUTO_TEST_SUITE_END()
