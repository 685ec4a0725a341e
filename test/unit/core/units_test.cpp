#include "core/units.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(durations_are_read_exactly) {
    const std::vector<std::pair<std::string, std::int64_t>> table{
        {"0", 0},
        {"0s", 0},
        {"250ms", 250},
        {"1ms", 1},
        {"5s", 5'000},
        {"15m", 900'000},
        {"6h", 21'600'000},
        {"90d", 7'776'000'000},
        {"1.5s", 1'500},
        {"0.1s", 100},
        {"0.001s", 1},
        {"1.10s", 1'100},
        {"0.5m", 30'000},
        {"1.25h", 4'500'000},
        {"010s", 10'000},
        {"1.000000000000s", 1'000},
        {"36500d", 3'153'600'000'000},
    };
    for (const auto& [text, expected] : table) {
        const auto read = kyc::parse_duration(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(read.has_value());
            BOOST_TEST(read->count() == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_duration_is_refused_with_the_reason) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"", "not a duration"},
        {"10", "not a duration"},
        {"s", "not a duration"},
        {"-5s", "not a duration"},
        {"+5s", "not a duration"},
        {"5 s", "not a duration"},
        {" 5s", "not a duration"},
        {"5s ", "not a duration"},
        {"5S", "not a duration"},
        {"5M", "not a duration"},
        {"5sec", "not a duration"},
        {"1h30m", "not a duration"},
        {"1e3s", "not a duration"},
        {"0x10s", "not a duration"},
        {".5s", "not a duration"},
        {"5.s", "not a duration"},
        {"1.5", "not a duration"},
        {"0.0", "not a duration"},
        {"00", "not a duration"},
        {"1,5s", "not a duration"},
        {"inf", "not a duration"},
        {"5us", "not a duration"},
        {"1.5.5s", "not a duration"},
        {"0.5ms", "finer than"},
        {"1.0005s", "finer than"},
        {"0.0000000000001d", "finer than"},
        {"36501d", "too long"},
        {"99999999999999999999d", "too long"},
        {"18446744073709551615d", "too long"},
        {"9223372036854775808ms", "too long"},
    };
    for (const auto& [text, reason] : table) {
        const auto read = kyc::parse_duration(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(!read);
            BOOST_TEST(read.error().find(reason) != std::string::npos);
            BOOST_TEST(read.error().find("'" + text + "'") == 0u);
        }
    }
}

BOOST_AUTO_TEST_CASE(sizes_are_read_exactly) {
    const std::vector<std::pair<std::string, std::uint64_t>> table{
        {"0", 0},
        {"1B", 1},
        {"64kB", 64'000},
        {"64KB", 64'000},
        {"2MB", 2'000'000},
        {"1GB", 1'000'000'000},
        {"512KiB", 524'288},
        {"256MiB", 268'435'456},
        {"1.5GiB", 1'610'612'736},
        {"0.5KiB", 512},
        {"2.000001MB", 2'000'001},
        {"18446744073709551615B", std::numeric_limits<std::uint64_t>::max()},
    };
    for (const auto& [text, expected] : table) {
        const auto read = kyc::parse_size(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(read.has_value());
            BOOST_TEST(*read == expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_a_size_is_refused_with_the_reason) {
    const std::vector<std::pair<std::string, std::string>> table{
        {"", "not a size"},
        {"256", "not a size"},
        {"2mb", "not a size"},
        {"2Mb", "not a size"},
        {"2M", "not a size"},
        {"-2MB", "not a size"},
        {"2 MB", "not a size"},
        {"kib", "not a size"},
        {"2TB", "not a size"},
        {"0.5B", "not a whole"},
        {"1.0001kB", "not a whole"},
        {"18446744073709551616B", "too large"},
        {"17179869184GiB", "too large"},
        {"18446744073709551615.5kB", "too large"},
    };
    for (const auto& [text, reason] : table) {
        const auto read = kyc::parse_size(text);
        BOOST_TEST_CONTEXT(text) {
            BOOST_REQUIRE(!read);
            BOOST_TEST(read.error().find(reason) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_formatted_duration_is_short_and_reads_back_as_it_was) {
    const std::vector<std::pair<std::int64_t, std::string>> table{
        {0, "0s"},
        {1, "1ms"},
        {999, "999ms"},
        {1'000, "1s"},
        {1'500, "1.5s"},
        {1'001, "1.001s"},
        {90'000, "90s"},
        {900'000, "15m"},
        {86'400'000, "1d"},
        {7'776'000'000, "90d"},
        {90'061'001, "90061.001s"},
    };
    for (const auto& [count, text] : table) {
        BOOST_TEST(kyc::format_duration(milliseconds(count)) == text);
        const auto back = kyc::parse_duration(text);
        BOOST_REQUIRE(back.has_value());
        BOOST_TEST(back->count() == count);
    }
    BOOST_TEST(kyc::format_duration(milliseconds(-1'500)) == "-1.5s");
    BOOST_TEST(kyc::format_duration(milliseconds::min()).starts_with("-9223372036854775.808"));
}

BOOST_AUTO_TEST_CASE(a_formatted_size_is_exact_when_round_and_short_otherwise) {
    const std::vector<std::pair<std::uint64_t, std::string>> table{
        {0, "0B"},
        {1, "1B"},
        {1'023, "1023B"},
        {1'024, "1KiB"},
        {2'000'000, "2MB"},
        {9'999, "9999B"},
        {181'234, "181.2kB"},
        {2'000'001, "2.0MB"},
        {268'435'456, "256MiB"},
        {3'141'592'653, "3.1GB"},
        {std::numeric_limits<std::uint64_t>::max(), "18446744073.7GB"},
    };
    for (const auto& [bytes, text] : table)
        BOOST_TEST(kyc::format_size(bytes) == text);
}

BOOST_AUTO_TEST_CASE(a_quoted_text_is_printable_and_bounded) {
    BOOST_TEST(kyc::quote_text("5s") == "'5s'");
    BOOST_TEST(kyc::quote_text("a\nb\x1b[31m\xc3\xa4") == "'a\\x0Ab\\x1B[31m\\xC3\\xA4'");
    BOOST_TEST(kyc::quote_text(std::string(61, 'x')) == "'" + std::string(60, 'x') + "...'");
}

BOOST_AUTO_TEST_SUITE_END()
