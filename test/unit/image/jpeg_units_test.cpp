// Units of blocks, against a reader that takes a bit at a time. What is long enough is walked in several lanes.

#include "codes.hpp"
#include "image/jpeg_units.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <utility>

using kyc::image::block_size;
using kyc::image::code_table;
using kyc::image::unit_codes;
using kyc::test::end_of_block;
using kyc::test::huffman_table;

namespace {

/// Enough for several lanes, and for one.
constexpr std::size_t long_size = 24000;
constexpr std::size_t short_size = 600;

/// One table, to write and to read by.
struct codes_of {
    std::map<std::pair<unsigned, unsigned>, std::uint8_t> symbols; ///< by length and code
    std::map<std::uint8_t, std::pair<unsigned, unsigned>> codes;
    code_table table;

    codes_of(const kyc::test::huffman_codes& from, code_table::kind of) {
        BOOST_TEST_REQUIRE(table.build(from.bits, from.symbols, of));
        unsigned code = 0;
        std::size_t symbol = 0;
        for (unsigned bits = 1; bits <= 16; ++bits, code *= 2)
            for (unsigned i = 0; i < from.bits[bits]; ++i, ++code, ++symbol) {
                symbols[{bits, code}] = from.symbols[symbol];
                codes[from.symbols[symbol]] = {bits, code};
            }
    }
};

struct block {
    const codes_of& dc;
    const codes_of& ac;
};

using unit = std::vector<block>;

class bit_writer {
  public:
    explicit bit_writer(unsigned seed) : random_(seed) {}

    void put(unsigned value, unsigned count) {
        while (count-- > 0) {
            if (bits_ % 8 == 0) bytes_.push_back(0);
            bytes_.back() |= static_cast<std::uint8_t>((value >> count & 1U) << (7 - bits_ % 8));
            ++bits_;
        }
    }

    /// With a coefficient of that size.
    void put(const codes_of& of, std::uint8_t symbol) {
        const auto [bits, code] = of.codes.at(symbol);
        put(code, bits);
        put(any(1U << (symbol & 15U)), symbol & 15U);
    }

    unsigned any(unsigned below) { return static_cast<unsigned>(random_() % below); }

    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  private:
    std::mt19937 random_;
    std::vector<std::uint8_t> bytes_;
    std::size_t bits_ = 0;
};

std::uint8_t any_symbol(bit_writer& to, const codes_of& of) {
    return std::next(of.codes.begin(), to.any(static_cast<unsigned>(of.codes.size())))->first;
}

/// `fullness`: in a hundred, how often an end of a block is passed over.
void put_block(bit_writer& to, const block& with, unsigned fullness) {
    to.put(with.dc, any_symbol(to, with.dc));
    for (unsigned at = 1; at < block_size;) {
        const auto symbol = any_symbol(to, with.ac);
        if (symbol == end_of_block) {
            if (to.any(100) < fullness) continue;
            to.put(with.ac, symbol);
            return;
        }
        const unsigned coefficients = (symbol >> 4U) + 1U;
        if (at + coefficients > block_size) continue;
        to.put(with.ac, symbol);
        at += coefficients;
    }
}

struct picture {
    std::vector<std::uint8_t> bytes;
    std::uint64_t units = 0;
};

picture write(const unit& blocks, std::size_t size, unsigned fullness, unsigned seed = 1) {
    bit_writer to(seed);
    picture made;
    for (; to.bytes().size() < size; ++made.units)
        for (const auto& each : blocks)
            put_block(to, each, fullness);
    made.bytes = to.bytes();
    return made;
}

/// What the header promises, read as the standard describes it.
class plain_reader {
  public:
    explicit plain_reader(const std::vector<std::uint8_t>& bytes) : bytes_(bytes) {}

    bool is_whole(const unit& blocks, std::uint64_t units) {
        while (units-- > 0)
            for (const auto& each : blocks)
                if (!read_block(each)) return false;
        return (at_ + 7) / 8 == bytes_.size();
    }

  private:
    bool read_block(const block& with) {
        if (read_symbol(with.dc) < 0) return false;
        unsigned at = 1;
        while (at < block_size) {
            const int symbol = read_symbol(with.ac);
            if (symbol < 0) return false;
            if (symbol == end_of_block) return true;
            at += (static_cast<unsigned>(symbol) >> 4U) + 1U;
        }
        return at == block_size;
    }

    /// With its coefficient. Negative: none.
    int read_symbol(const codes_of& of) {
        unsigned code = 0;
        for (unsigned bits = 1; bits <= 16; ++bits) {
            if (at_ >= bytes_.size() * 8) return -1;
            code = code * 2 + (bytes_[at_ / 8] >> (7 - at_ % 8) & 1U);
            ++at_;
            const auto found = of.symbols.find({bits, code});
            if (found == of.symbols.end()) continue;
            at_ += found->second & 15U;
            return at_ > bytes_.size() * 8 ? -1 : found->second;
        }
        return -1;
    }

    const std::vector<std::uint8_t>& bytes_;
    std::size_t at_ = 0;
};

bool walked(const unit& blocks, const std::vector<std::uint8_t>& bytes, std::uint64_t units) {
    unit_codes codes;
    for (const auto& each : blocks)
        BOOST_TEST_REQUIRE(codes.add_block(each.dc.table, each.ac.table));
    codes.join();
    auto with_more = bytes; // whatever stands behind is not part of it
    with_more.insert(with_more.end(), kyc::image::read_ahead, 0x5A);
    return kyc::image::are_whole_units(codes, std::span{with_more}.first(bytes.size()), units);
}

struct all_tables {
    codes_of busy_dc{kyc::test::busy_dc(), code_table::kind::dc};
    codes_of calm_dc{kyc::test::calm_dc(), code_table::kind::dc};
    codes_of busy_ac{kyc::test::busy_ac(), code_table::kind::ac};
    codes_of calm_ac{kyc::test::calm_ac(), code_table::kind::ac};

    [[nodiscard]] std::vector<unit> units() const {
        const block busy{busy_dc, busy_ac};
        const block calm{calm_dc, calm_ac};
        const block mixed{calm_dc, busy_ac};
        return {{busy},
                {calm},
                {busy, calm, calm},
                {busy, busy, busy, busy, calm, calm},
                {busy, mixed, calm, busy, mixed, mixed, calm, calm, busy, mixed}};
    }
};

/// Grey, or a calm picture: the same units over and over, so that a guess falls in with nothing.
struct even_tables {
    codes_of dc{huffman_table({{2, {0}}}), code_table::kind::dc};
    codes_of ac{huffman_table({{1, {0x31}}, {3, {end_of_block}}}), code_table::kind::ac};
};

} // namespace

BOOST_AUTO_TEST_SUITE(jpeg_units)

BOOST_AUTO_TEST_CASE(whole_units_are_found_whole_and_only_as_many_as_there_are) {
    const all_tables tables;
    for (const auto& blocks : tables.units())
        for (const auto size : {std::size_t{1}, short_size, long_size, 4 * long_size})
            for (const unsigned fullness : {0U, 90U, 100U}) {
                const auto made = write(blocks, size, fullness);
                BOOST_TEST_CONTEXT(blocks.size() << " blocks, " << size << " bytes, fullness " << fullness) {
                    BOOST_TEST_REQUIRE(plain_reader(made.bytes).is_whole(blocks, made.units));
                    BOOST_TEST(walked(blocks, made.bytes, made.units));
                    BOOST_TEST(!walked(blocks, made.bytes, made.units + 9));
                    // The last unit may be no more than the bits that fill up a byte.
                    const bool is_filling = plain_reader(made.bytes).is_whole(blocks, made.units - 1);
                    BOOST_TEST(walked(blocks, made.bytes, made.units - 1) == is_filling);
                }
            }
}

BOOST_AUTO_TEST_CASE(nothing_is_no_unit_and_no_unit_is_nothing) {
    const all_tables tables;
    for (const auto& blocks : tables.units()) {
        BOOST_TEST(walked(blocks, {}, 0));
        BOOST_TEST(!walked(blocks, {}, 1));
        BOOST_TEST(!walked(blocks, {0}, 0));
    }
}

BOOST_AUTO_TEST_CASE(damage_is_judged_as_by_a_plain_reader) {
    const all_tables tables;
    std::mt19937 random{20261122};
    std::size_t whole = 0;
    std::size_t broken = 0;
    for (const auto& blocks : tables.units())
        for (const auto size : {short_size, long_size})
            for (int i = 0; i < 120; ++i) {
                auto [bytes, units] = write(blocks, size, i % 2 == 0 ? 0U : 95U, static_cast<unsigned>(i));
                const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(random() % bytes.size());
                if (i % 4 == 0) bytes.erase(place);
                if (i % 4 == 1) bytes.insert(place, static_cast<std::uint8_t>(random()));
                if (i % 4 == 2) *place ^= static_cast<std::uint8_t>(1U << random() % 8);
                if (i % 4 == 3) bytes.resize(bytes.size() - 1 - random() % 20);
                const bool is_whole = plain_reader(bytes).is_whole(blocks, units);
                BOOST_TEST_REQUIRE(walked(blocks, bytes, units) == is_whole);
                ++(is_whole ? whole : broken);
            }
    BOOST_TEST(whole > 20U); // a wrong bit can be a slightly different picture
    BOOST_TEST(broken > 200U);
}

BOOST_AUTO_TEST_CASE(a_block_that_is_too_long_is_found_wherever_it_is) {
    const all_tables tables;
    const unit blocks{{tables.busy_dc, tables.busy_ac}};
    for (const auto size : {short_size, long_size})
        for (unsigned place = 0; place <= 10; ++place) {
            bit_writer to(place);
            std::uint64_t units = 0;
            bool is_put = false;
            for (; to.bytes().size() < size || !is_put; ++units) {
                if (is_put || to.bytes().size() < size * place / 10) {
                    put_block(to, blocks.front(), 50);
                    continue;
                }
                to.put(tables.busy_dc, 0);
                for (int i = 0; i < 3; ++i)
                    to.put(tables.busy_ac, kyc::test::sixteen_zeros);
                for (int i = 0; i < 14; ++i)
                    to.put(tables.busy_ac, 0x01);
                to.put(tables.busy_ac, 0x11); // one zero more than there is room for
                is_put = true;
            }
            BOOST_TEST(!walked(blocks, to.bytes(), units));
        }
}

BOOST_AUTO_TEST_CASE(lanes_that_never_fall_in_change_nothing) {
    const even_tables tables;
    const block same{tables.dc, tables.ac};
    // Nothing tells the blocks of such a unit apart, so that a guess takes a wrong one for the first.
    for (const std::size_t blocks_in_unit : {1U, 2U, 3U, 6U, 7U, 10U})
        for (const unsigned coefficients : {0U, 1U, 5U}) {
            const unit blocks(blocks_in_unit, same);
            bit_writer to(1);
            std::uint64_t units = 0;
            for (; to.bytes().size() < long_size; ++units)
                for (std::size_t i = 0; i < blocks_in_unit; ++i) {
                    to.put(tables.dc, 0);
                    for (unsigned k = 0; k < coefficients; ++k)
                        to.put(tables.ac, 0x31);
                    to.put(tables.ac, end_of_block);
                }
            BOOST_TEST_CONTEXT(blocks_in_unit << " blocks of " << coefficients) {
                BOOST_TEST_REQUIRE(plain_reader(to.bytes()).is_whole(blocks, units));
                BOOST_TEST(walked(blocks, to.bytes(), units));
                BOOST_TEST(!walked(blocks, to.bytes(), units + 1));
                for (std::size_t place = 0; place < to.bytes().size(); place += 997) {
                    auto bytes = to.bytes();
                    bytes[place] ^= 0x10;
                    BOOST_TEST(walked(blocks, bytes, units) == plain_reader(bytes).is_whole(blocks, units));
                }
            }
        }
}

BOOST_AUTO_TEST_CASE(a_unit_has_ten_blocks_at_most) {
    const all_tables tables;
    unit_codes codes;
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(codes.add_block(tables.busy_dc.table, tables.busy_ac.table));
    BOOST_TEST(!codes.add_block(tables.busy_dc.table, tables.busy_ac.table));
}

BOOST_AUTO_TEST_SUITE_END()
