// Codes that are kept from one picture to the next: whose they are, and which go.

#include "codes.hpp"
#include "image/jpeg_scan_codes.hpp"

#include <boost/test/unit_test.hpp>

using kyc::image::known_scan_codes;
using kyc::image::most_blocks;
using kyc::image::scan_definition;
using kyc::image::table_definition;
using kyc::image::unit_codes;
using kyc::test::end_of_block;
using kyc::test::huffman_table;

namespace {

table_definition table_of(const kyc::test::huffman_codes& from) {
    return {from.bits, from.symbols};
}

/// A scan whose first code for a coefficient, a single 0, is so many zeros and a bit.
scan_definition scan_with(std::uint8_t zeros, std::size_t blocks = 1) {
    scan_definition made;
    made.dc[1] = table_of(kyc::test::calm_dc());
    made.ac[2] =
        table_of(huffman_table({{1, {static_cast<std::uint8_t>(unsigned{zeros} << 4U | 1U)}}, {2, {end_of_block}}}));
    made.blocks.assign(blocks, {1, 2});
    return made;
}

unsigned zeros_of(const unit_codes& codes) {
    return codes.at(1).next(0).coefficients - 1U;
}

} // namespace

BOOST_AUTO_TEST_SUITE(jpeg_scan_codes)

BOOST_AUTO_TEST_CASE(the_same_tables_are_made_once) {
    known_scan_codes known;
    const auto* const made = known.find_or_make(scan_with(3));
    BOOST_TEST_REQUIRE(made);
    BOOST_TEST(zeros_of(*made) == 3U);
    BOOST_TEST(known.find_or_make(scan_with(3)) == made);
}

BOOST_AUTO_TEST_CASE(other_tables_are_never_taken_for_them) {
    known_scan_codes known;
    for (int round = 0; round < 2; ++round)
        for (std::uint8_t zeros = 0; zeros < 2 * known_scan_codes::most_kept; ++zeros) {
            const auto* const made = known.find_or_make(scan_with(zeros, zeros + 1U));
            BOOST_TEST_REQUIRE(made);
            BOOST_TEST(zeros_of(*made) == zeros);
            BOOST_TEST(made->blocks() == zeros + 1U);
        }
    // The same tables for more blocks, and as tables of another number.
    BOOST_TEST(known.find_or_make(scan_with(0, 2))->blocks() == 2U);
    auto other = scan_with(0, 2);
    other.ac[0] = scan_with(7).ac[2];
    other.blocks[0].ac = 0;
    BOOST_TEST(zeros_of(*known.find_or_make(other)) == 7U);
}

BOOST_AUTO_TEST_CASE(the_one_that_was_not_used_for_longest_goes) {
    known_scan_codes known;
    const auto* const often = known.find_or_make(scan_with(0));
    for (std::uint8_t zeros = 1; zeros < 3 * known_scan_codes::most_kept; ++zeros) {
        BOOST_TEST(zeros_of(*known.find_or_make(scan_with(zeros))) == zeros);
        BOOST_TEST(known.find_or_make(scan_with(0)) == often);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_scan_is_not_kept) {
    known_scan_codes known;
    const auto* const made = known.find_or_make(scan_with(0));
    auto broken = scan_with(1);
    broken.ac[2] = table_of(huffman_table({{1, {0x01, 0x02, 0x03}}})); // two codes have one bit
    BOOST_TEST(!known.find_or_make(broken));
    BOOST_TEST(!known.find_or_make(scan_with(1, most_blocks + 1)));
    BOOST_TEST(!known.find_or_make(scan_with(1, 0)));
    BOOST_TEST(known.find_or_make(scan_with(0)) == made);
}

BOOST_AUTO_TEST_SUITE_END()
