#pragma once
// The Huffman codes of a baseline JPEG as tables: what the next bits mean, one code at a time or several at once.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace kyc::image {

inline constexpr unsigned block_size = 64;

/// Codes up to so long are looked up in one step. All tables for coefficients stay near a core's nearest cache.
inline constexpr unsigned look_bits = 11;
inline constexpr std::size_t look_size = std::size_t{1} << look_bits;
inline constexpr unsigned longest_code = 16;
inline constexpr std::size_t most_codes = 256;

/// The largest that 8-bit pictures have; libjpeg takes larger ones, so they are left to it.
inline constexpr unsigned most_dc_bits = 11;
inline constexpr unsigned most_ac_bits = 10;

/// A code, and the bits of the coefficient behind it.
struct coded_step {
    std::uint8_t code_bits = 0;
    std::uint8_t bits = 0;         ///< with the coefficient's; 0: there is no such code
    std::uint8_t coefficients = 0; ///< or ends_block
};

inline constexpr std::uint8_t ends_block = block_size;

/// One Huffman table.
class code_table {
  public:
    enum class kind { dc, ac };

    /// As files tell of a table: how many codes have each length, from [1] on, and what they mean, in order.
    /// False when that is no table, or holds what is left to libjpeg.
    [[nodiscard]] bool build(std::span<const std::uint8_t, longest_code + 1> lengths,
                             std::span<const std::uint8_t, most_codes> symbols, kind of);

    /// `window`: the coming bits, the next one at the top.
    [[nodiscard]] coded_step next(std::uint64_t window) const {
        const auto found = short_[window >> (64 - look_bits)];
        return found.bits != 0 ? found : next_long(window);
    }

    /// For a code of at most look_bits; none when it is longer.
    [[nodiscard]] coded_step next_short(std::size_t bits) const { return short_[bits]; }

  private:
    [[nodiscard]] coded_step next_long(std::uint64_t window) const {
        const auto coming = static_cast<unsigned>(window >> (64 - longest_code));
        if (coming >= ends_[longest_code]) return {};
        unsigned bits = look_bits + 1;
        for (unsigned shorter = look_bits + 1; shorter < longest_code; ++shorter)
            bits += coming >= ends_[shorter] ? 1U : 0U;
        return all_[base_[bits] + (coming >> (longest_code - bits))];
    }

    std::array<coded_step, look_size> short_{};
    std::array<coded_step, most_codes> all_{};      ///< in the order of the codes
    std::array<unsigned, longest_code + 1> ends_{}; ///< behind the last code of each length, as 16 bits
    std::array<unsigned, longest_code + 1> base_{}; ///< what a code of that length needs to be its number in all_
};

/// Where a walk is within its unit: the block's number, and in the low bits which coefficient comes next; 0 is the DC.
/// What is between lets an addition of coefficients go over the block's end without reaching the next block.
using block_place = std::uint32_t;
inline constexpr block_place next_block = 256;
inline constexpr block_place over_block = block_size;

/// As many codes as lie within the next look_bits, as one: the rest of a block's coefficients, and at most one end of
/// the block, then with the next block's DC and what follows that. One number, so that one load gets it.
class leap {
  public:
    /// What no place allows, since it has no codes.
    leap() : leap(0, block_size) {}

    leap(unsigned bits, unsigned coefficients) : packed_(bits | coefficients << 8U) {}

    /// `next`: coefficients of the next block; at least its DC.
    leap(unsigned bits, unsigned coefficients, unsigned next)
        : packed_(bits | coefficients << 8U | (next_block - 1) << 16U | (next + 1) << 24U) {}

    [[nodiscard]] unsigned bits() const { return packed_ & 0xFFU; }

    /// Within the block. With over_block in it the leap is too far: its first code must be read by itself.
    [[nodiscard]] block_place within(block_place at) const { return at + (packed_ >> 8U & 0xFFU); }

    /// From there into the next block, if the leap goes so far. Without a branch: nobody foresees where a block ends.
    [[nodiscard]] block_place beyond(block_place at) const {
        return (at | (packed_ >> 16U & 0xFFU)) + (packed_ >> 24U);
    }

  private:
    std::uint32_t packed_;
};

/// What one leap takes at most.
inline constexpr unsigned most_leap_bits = 18;

using leap_table = std::array<leap, look_size>;

/// For a block with these codes for its coefficients, from its first one on, and those of the block behind it.
[[nodiscard]] leap_table join_codes(const code_table& ac, const code_table& next_dc, const code_table& next_ac);

} // namespace kyc::image
