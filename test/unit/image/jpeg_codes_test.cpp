// Tables of codes: each leap goes exactly where its codes go one by one.

#include "codes.hpp"
#include "image/jpeg_codes.hpp"

#include <boost/test/unit_test.hpp>

using kyc::image::block_place;
using kyc::image::block_size;
using kyc::image::code_table;
using kyc::image::ends_block;
using kyc::image::leap;
using kyc::image::look_bits;
using kyc::image::look_size;
using kyc::image::next_block;
using kyc::test::end_of_block;
using kyc::test::huffman_table;

namespace {

code_table built(const kyc::test::huffman_codes& from, code_table::kind of) {
    code_table made;
    BOOST_TEST_REQUIRE(made.build(from.bits, from.symbols, of));
    return made;
}

struct three_tables {
    code_table ac, next_dc, next_ac;
};

/// One code, from any place. 0: there is none, or it does not fit into the block.
unsigned walk(const three_tables& tables, block_place& at, std::uint64_t window) {
    const bool is_next = at >= next_block;
    const auto within = at % next_block;
    const auto step = (within == 0 ? tables.next_dc : is_next ? tables.next_ac : tables.ac).next(window);
    if (step.bits == 0) return 0;
    if (step.coefficients == ends_block) {
        at += next_block - within;
        return step.bits;
    }
    at += step.coefficients;
    return within + step.coefficients <= block_size ? step.bits : 0;
}

/// From such a place, and to one from which the next leap may begin.
bool goes_like_steps(const three_tables& tables, const leap& each, block_place from, std::uint64_t window) {
    block_place at = from;
    unsigned walked = 0;
    while (walked < each.bits()) {
        const auto more = walk(tables, at, window << walked);
        if (more == 0) return false;
        walked += more;
    }
    return walked > 0 && walked == each.bits() && at == each.beyond(each.within(from)) && at % next_block != 0 &&
           at % next_block < block_size;
}

/// From each place, with all that may come.
void expect_leaps_like_steps(const three_tables& tables) {
    const auto leaps = kyc::image::join_codes(tables.ac, tables.next_dc, tables.next_ac);
    std::size_t taken = 0;
    std::size_t wrong = 0;
    for (const std::uint64_t behind : {std::uint64_t{0}, ~std::uint64_t{0} >> look_bits})
        for (std::size_t bits = 0; bits < look_size; ++bits)
            for (block_place from = 1; from < block_size; ++from) {
                if (leaps[bits].within(from) & kyc::image::over_block) continue;
                ++taken;
                if (!goes_like_steps(tables, leaps[bits], from, std::uint64_t{bits} << (64 - look_bits) | behind))
                    ++wrong;
            }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(taken > look_size * block_size / 4);
}

} // namespace

BOOST_AUTO_TEST_SUITE(jpeg_codes)

BOOST_AUTO_TEST_CASE(a_leap_goes_where_its_codes_go) {
    const auto busy_ac = built(kyc::test::busy_ac(), code_table::kind::ac);
    const auto calm_ac = built(kyc::test::calm_ac(), code_table::kind::ac);
    const auto busy_dc = built(kyc::test::busy_dc(), code_table::kind::dc);
    const auto calm_dc = built(kyc::test::calm_dc(), code_table::kind::dc);
    for (const auto& ac : {busy_ac, calm_ac})
        for (const auto& dc : {busy_dc, calm_dc})
            for (const auto& next_ac : {busy_ac, calm_ac})
                expect_leaps_like_steps({ac, dc, next_ac});
}

BOOST_AUTO_TEST_CASE(a_leap_takes_several_codes_and_the_next_blocks_first) {
    const auto ac = built(huffman_table({{1, {0x01}}, {2, {end_of_block}}}), code_table::kind::ac);
    const auto dc = built(huffman_table({{1, {0}}, {2, {3}}}), code_table::kind::dc);
    const auto leaps = kyc::image::join_codes(ac, dc, ac);
    const auto coefficients_only = leaps[0];
    BOOST_TEST(coefficients_only.bits() == 10U + 2U); // five of two bits, and one of which only the code is known
    BOOST_TEST(coefficients_only.beyond(coefficients_only.within(7)) == 7U + 6U);
    const auto over_the_end = leaps[0b00'10'0'01'01'01]; // one of them, the end, DC, three more
    BOOST_TEST(over_the_end.bits() == 11U);
    BOOST_TEST(over_the_end.beyond(over_the_end.within(7)) == next_block + 4U);
    // The block may have that one coefficient more, and not another one.
    BOOST_TEST((over_the_end.within(62) & kyc::image::over_block) == 0U);
    BOOST_TEST((over_the_end.within(63) & kyc::image::over_block) != 0U);
}

BOOST_AUTO_TEST_CASE(each_code_is_found_and_no_other) {
    const auto table = built(kyc::test::busy_ac(), code_table::kind::ac);
    const auto next = [&table](std::uint64_t bits, unsigned count) { return table.next(bits << (64 - count)); };
    BOOST_TEST(next(0b00, 2).bits == 3U);
    BOOST_TEST(next(0b010, 3).coefficients == ends_block);
    BOOST_TEST(next(0b1001, 4).coefficients == 16U); // zeros only
    BOOST_TEST(next(0b101000, 6).coefficients == 6U);
    BOOST_TEST(next(0b101000, 6).bits == 6U + 3U);
    BOOST_TEST(next(0b10100100000, 11).coefficients == 4U);
    BOOST_TEST(next(0b101001000010, 12).bits == 12U + 10U);
    BOOST_TEST(next(0b1010010000110000, 16).coefficients == 8U);
    BOOST_TEST(next(0b1010010000110010, 16).bits == 16U + 10U);
    BOOST_TEST(next(0b1010010000110011, 16).bits == 0U);
    BOOST_TEST(table.next(~std::uint64_t{0}).bits == 0U);
}

BOOST_AUTO_TEST_CASE(tables_that_are_none_are_not_built) {
    code_table table;
    const auto is_built = [&table](const kyc::test::huffman_codes& from, code_table::kind of) {
        return table.build(from.bits, from.symbols, of);
    };
    BOOST_TEST(!is_built(huffman_table({{1, {0x01, 0x02, 0x03}}}), code_table::kind::ac)); // two codes have one bit
    BOOST_TEST(!is_built(huffman_table({{2, {0x0B}}}), code_table::kind::ac));             // larger than 8-bit pictures
    BOOST_TEST(!is_built(huffman_table({{2, {12}}}), code_table::kind::dc));
    BOOST_TEST(is_built(huffman_table({{2, {11}}}), code_table::kind::dc));
}

BOOST_AUTO_TEST_SUITE_END()
