#include "image/jpeg_walk.hpp"

#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

namespace kyc::image {
namespace {

/// Codes up to so long are looked up in one step. Two tables for coefficients stay within a core's nearest cache.
constexpr unsigned look_bits = 12;
constexpr std::size_t look_size = std::size_t{1} << look_bits;
constexpr unsigned longest_code = 16;

/// What several codes take at once, at most: so that four times that are what a refill gives.
constexpr unsigned most_joined_bits = 14;
constexpr unsigned joined_in_a_refill = 4;

constexpr unsigned block_size = 64;

/// The largest that 8-bit pictures have; libjpeg takes larger ones, so they are left to it.
constexpr unsigned most_dc_bits = 11;
constexpr unsigned most_ac_bits = 10;

/// What a JPEG may have at most in one unit (ITU-T T.81, B.2.3), and what its coefficients take at most.
constexpr std::size_t most_blocks = 10;
constexpr std::size_t longest_unit = most_blocks * block_size * (longest_code + most_dc_bits) / 8;

/// So many bits to read, which are so many coefficients. No bits: there is no such code, or it is longer than
/// look_bits.
struct step {
    std::uint8_t bits = 0;
    std::uint8_t coefficients = 0;
};

constexpr std::uint8_t ends_block = block_size;

std::optional<step> meaning(unsigned symbol, unsigned code_bits, bool of_dc) {
    const unsigned size = of_dc ? symbol : symbol & 15U;
    const unsigned zeros = of_dc ? 0 : symbol >> 4U;
    if (size > (of_dc ? most_dc_bits : most_ac_bits)) return std::nullopt;
    const bool is_end = !of_dc && size == 0 && zeros != 15;
    return step{static_cast<std::uint8_t>(code_bits + size),
                is_end ? ends_block : static_cast<std::uint8_t>(zeros + 1)};
}

/// One Huffman table: what the next bits mean.
class code_table {
  public:
    /// False when the table is none, or holds what is left to libjpeg.
    bool build(const JHUFF_TBL* from, bool of_dc) {
        if (!from) return false;
        unsigned code = 0;
        std::size_t symbol = 0;
        for (unsigned bits = 1; bits <= longest_code; ++bits, code <<= 1U) {
            for (unsigned i = 0; i < from->bits[bits]; ++i, ++code, ++symbol) {
                if (symbol >= 256 || code >= 1U << bits) return false;
                const auto means = meaning(from->huffval[symbol], bits, of_dc);
                if (!means) return false;
                add(code, bits, *means);
            }
            ends_[bits] = code << (longest_code - bits);
        }
        if (!of_dc) join();
        return true;
    }

    [[nodiscard]] step one(std::uint64_t window) const {
        const auto found = single_[window >> (64 - look_bits)];
        return found.bits != 0 ? found : find_long(window);
    }

    /// As many codes as lie within the next look_bits, as one; for what is looked up most. With an end of the block its
    /// coefficients are those before it and ends_block. No bits: look for one().
    [[nodiscard]] step several(std::uint64_t window) const { return joined_[window >> (64 - look_bits)]; }

  private:
    struct long_code {
        unsigned first = 0; ///< as 16 bits
        step means;
    };

    void add(unsigned code, unsigned bits, step means) {
        if (bits > look_bits) {
            long_.push_back({code << (longest_code - bits), means});
            return;
        }
        const auto first = single_.begin() + (code << (look_bits - bits));
        std::fill(first, first + (1 << (look_bits - bits)), means);
    }

    [[nodiscard]] step find_long(std::uint64_t window) const {
        const auto next = static_cast<unsigned>(window >> (64 - longest_code));
        if (next >= ends_[longest_code]) return {};
        const auto after = std::upper_bound(long_.begin(), long_.end(), next,
                                            [](unsigned value, const long_code& each) { return value < each.first; });
        return after == long_.begin() ? step{} : std::prev(after)->means;
    }

    void join() {
        for (std::size_t next = 0; next < look_size; ++next) {
            unsigned bits = 0;
            unsigned coefficients = 0;
            while (bits < look_bits && coefficients < ends_block) {
                const auto found = single_[(next << bits) & (look_size - 1)];
                // What follows is known as far as look_bits reach.
                const unsigned most = bits == 0 ? most_joined_bits : look_bits;
                if (found.bits == 0 || bits + found.bits > most) break;
                // From ends_block on the number tells of an end, so it must not get there without one.
                if (found.coefficients != ends_block && coefficients + found.coefficients >= ends_block) break;
                bits += found.bits;
                coefficients += found.coefficients;
            }
            joined_[next] = {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(coefficients)};
        }
    }

    std::array<step, look_size> single_{};
    std::array<step, look_size> joined_{};
    std::vector<long_code> long_;                   ///< in order
    std::array<unsigned, longest_code + 1> ends_{}; ///< behind the last code of each length, as 16 bits
};

/// The coming bits at the top of a word. The bytes have room behind them for what is read ahead.
class bit_reader {
  public:
    explicit bit_reader(const std::uint8_t* from) : begin_(from), next_(from) {}

    /// At least 56 bits afterwards.
    void refill() {
        std::uint64_t more = 0;
        std::memcpy(&more, next_, sizeof more);
        if constexpr (std::endian::native == std::endian::little) more = __builtin_bswap64(more);
        window_ |= more >> have_;
        next_ += (63 - have_) >> 3U;
        have_ |= 56U;
    }

    [[nodiscard]] std::uint64_t window() const { return window_; }

    void take(unsigned bits) {
        window_ <<= bits;
        have_ -= bits;
    }

    [[nodiscard]] std::size_t bytes_begun() const {
        return (static_cast<std::size_t>(next_ - begin_) * 8 - have_ + 7) / 8;
    }

  private:
    const std::uint8_t* begin_;
    const std::uint8_t* next_;
    std::uint64_t window_ = 0;
    unsigned have_ = 0;
};

bool walk_block(bit_reader& bits, const code_table& dc, const code_table& ac) {
    bits.refill();
    const auto difference = dc.one(bits.window());
    if (difference.bits == 0) return false;
    bits.take(difference.bits);
    unsigned at = 1;
    for (;;) {
        bits.refill();
        bool goes_on = true;
        for (unsigned i = 0; i < joined_in_a_refill && goes_on; ++i) {
            const auto many = ac.several(bits.window());
            const bool ends = many.coefficients >= ends_block;
            goes_on = many.bits != 0 && at + many.coefficients - (ends ? ends_block : 0U) < block_size;
            if (!goes_on) break;
            bits.take(many.bits);
            if (ends) return true;
            at += many.coefficients;
        }
        if (goes_on) continue;
        // The last coefficients, one by one: what is joined may reach into the next block.
        bits.refill();
        const auto one = ac.one(bits.window());
        if (one.bits == 0) return false;
        bits.take(one.bits);
        if (one.coefficients == ends_block) return true;
        at += one.coefficients;
        if (at >= block_size) return at == block_size;
    }
}

struct block_codes {
    const code_table* dc = nullptr;
    const code_table* ac = nullptr;
};

/// The scan as the header describes it.
class scan {
  public:
    /// False: not one of those that are walked here.
    bool prepare(const jpeg_decompress_struct& info) {
        if (info.arith_code || info.progressive_mode || info.data_precision != 8 || info.Ss != 0 || info.Se != 63 ||
            info.Ah != 0 || info.Al != 0 || info.comps_in_scan != info.num_components || info.comps_in_scan < 1)
            return false;
        for (int i = 0; i < info.comps_in_scan; ++i) {
            const auto& part = *info.cur_comp_info[i];
            // libjpeg demands these when it begins to decode.
            if (info.max_h_samp_factor % part.h_samp_factor != 0 || info.max_v_samp_factor % part.v_samp_factor != 0 ||
                part.quant_tbl_no < 0 || part.quant_tbl_no >= NUM_QUANT_TBLS || !info.quant_tbl_ptrs[part.quant_tbl_no])
                return false;
            if (!add(info, part)) return false;
        }
        if (count_ > most_blocks) return false;
        const auto& only = *info.cur_comp_info[0];
        const auto across = [](JDIMENSION pixels, int factor) {
            const auto unit = static_cast<JDIMENSION>(factor) * DCTSIZE;
            return (std::uint64_t{pixels} + unit - 1) / unit;
        };
        units_ = info.comps_in_scan == 1 ? std::uint64_t{only.width_in_blocks} * only.height_in_blocks
                                         : across(info.image_width, info.max_h_samp_factor) *
                                               across(info.image_height, info.max_v_samp_factor);
        restart_ = info.restart_interval;
        return true;
    }

    bool walk(std::span<const std::byte> coded) const {
        std::vector<std::uint8_t> plain;
        std::size_t at = 0;
        std::uint64_t left = units_;
        for (unsigned interval = 0;; ++interval) {
            const std::uint64_t units = restart_ == 0 ? left : std::min<std::uint64_t>(left, restart_);
            if (!unstuff(coded, at, plain) || !walk_units(plain, units)) return false;
            left -= units;
            const auto mark = std::to_integer<unsigned>(coded[at + 1]);
            at += 2;
            if (left == 0) return mark == JPEG_EOI;
            if (mark != JPEG_RST0 + interval % 8) return false;
        }
    }

  private:
    bool add(const jpeg_decompress_struct& info, const jpeg_component_info& part) {
        const auto table = [](auto& tables, auto& built, const auto& from, int number,
                              bool of_dc) -> const code_table* {
            if (number < 0 || number >= NUM_HUFF_TBLS) return nullptr;
            const auto which = static_cast<std::size_t>(number);
            if (!built[which] && !tables[which].build(from[which], of_dc)) return nullptr;
            built[which] = true;
            return &tables[which];
        };
        const block_codes codes{table(dc_, dc_built_, info.dc_huff_tbl_ptrs, part.dc_tbl_no, true),
                                table(ac_, ac_built_, info.ac_huff_tbl_ptrs, part.ac_tbl_no, false)};
        if (!codes.dc || !codes.ac) return false;
        // A scan of one component has one block in a unit, whatever its factors are.
        const int blocks = info.comps_in_scan == 1 ? 1 : part.h_samp_factor * part.v_samp_factor;
        for (int i = 0; i < blocks; ++i, ++count_)
            if (count_ < most_blocks) blocks_[count_] = codes;
        return true;
    }

    bool walk_units(const std::vector<std::uint8_t>& plain, std::uint64_t units) const {
        const auto size = plain.size() - longest_unit;
        bit_reader bits(plain.data());
        for (std::uint64_t unit = 0; unit < units; ++unit) {
            for (std::size_t i = 0; i < count_; ++i)
                if (!walk_block(bits, *blocks_[i].dc, *blocks_[i].ac)) return false;
            if (bits.bytes_begun() > size) return false;
        }
        return bits.bytes_begun() == size;
    }

    /// The bytes up to the next marker as they were before zeros were put behind each 0xFF, and room to read ahead in.
    /// `at` is at the marker then. False: there is none.
    static bool unstuff(std::span<const std::byte> coded, std::size_t& at, std::vector<std::uint8_t>& plain) {
        plain.clear();
        plain.reserve(coded.size() - at + longest_unit);
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(coded.data());
        for (;;) {
            const auto* found = static_cast<const std::uint8_t*>(std::memchr(bytes + at, 0xFF, coded.size() - at));
            if (!found || found + 1 >= bytes + coded.size()) return false;
            const bool is_stuffed = found[1] == 0;
            plain.insert(plain.end(), bytes + at, found + (is_stuffed ? 1 : 0));
            at = static_cast<std::size_t>(found - bytes);
            if (!is_stuffed) break;
            at += 2;
        }
        plain.resize(plain.size() + longest_unit);
        return true;
    }

    std::array<code_table, NUM_HUFF_TBLS> dc_, ac_;
    std::array<bool, NUM_HUFF_TBLS> dc_built_{}, ac_built_{};
    std::array<block_codes, most_blocks> blocks_{};
    std::size_t count_ = 0;
    std::uint64_t units_ = 0;
    std::uint64_t restart_ = 0;
};

} // namespace

bool is_whole_scan(const jpeg_decompress_struct& info, std::span<const std::byte> coded) {
    scan only;
    return only.prepare(info) && only.walk(coded);
}

} // namespace kyc::image
