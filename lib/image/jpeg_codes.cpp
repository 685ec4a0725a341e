#include "image/jpeg_codes.hpp"

#include <algorithm>
#include <optional>

namespace kyc::image {
namespace {

std::optional<coded_step> meaning(unsigned symbol, unsigned code_bits, code_table::kind of) {
    const bool of_dc = of == code_table::kind::dc;
    const unsigned size = of_dc ? symbol : symbol & 15U;
    const unsigned zeros = of_dc ? 0 : symbol >> 4U;
    if (size > (of_dc ? most_dc_bits : most_ac_bits)) return std::nullopt;
    const bool is_end = !of_dc && size == 0 && zeros != 15;
    return coded_step{static_cast<std::uint8_t>(code_bits), static_cast<std::uint8_t>(code_bits + size),
                      is_end ? ends_block : static_cast<std::uint8_t>(zeros + 1)};
}

/// Codes that are known from the next look_bits alone, one behind the other.
class known_codes {
  public:
    explicit known_codes(std::size_t bits) : coming_(bits) {}

    /// Not taken: none when the code is not known, or when it would be too much for one leap.
    [[nodiscard]] coded_step next(const code_table& of) const {
        if (taken_ >= look_bits) return {};
        const auto found = of.next_short((coming_ << taken_) & (look_size - 1));
        // The coefficient behind the last code need not be known.
        const bool fits = taken_ + found.code_bits <= look_bits && taken_ + found.bits <= most_leap_bits;
        return fits ? found : coded_step{};
    }

    void take(coded_step step) { taken_ += step.bits; }

    [[nodiscard]] unsigned taken() const { return taken_; }

  private:
    std::size_t coming_;
    unsigned taken_ = 0;
};

/// The coefficients before an end of the block. `at` the first of them, and then behind the last. What a block has at
/// most stays below its size: that no block is too long is checked where the leap begins.
coded_step take_coefficients(known_codes& codes, const code_table& of, unsigned& at) {
    for (;;) {
        const auto found = codes.next(of);
        if (found.bits == 0 || at + found.coefficients >= block_size) return found;
        codes.take(found);
        at += found.coefficients;
    }
}

leap join(known_codes codes, const code_table& ac, const code_table& next_dc, const code_table& next_ac) {
    unsigned at = 1;
    const auto end = take_coefficients(codes, ac, at);
    const unsigned coefficients = at - 1;
    const leap up_to_here = coefficients == 0 ? leap{} : leap{codes.taken(), coefficients};
    if (end.bits == 0 || end.coefficients != ends_block) return up_to_here;
    codes.take(end);
    const auto difference = codes.next(next_dc);
    if (difference.bits == 0) return up_to_here;
    codes.take(difference);
    unsigned next_at = 1;
    take_coefficients(codes, next_ac, next_at);
    return {codes.taken(), coefficients, next_at};
}

} // namespace

bool code_table::build(std::span<const std::uint8_t, longest_code + 1> lengths,
                       std::span<const std::uint8_t, most_codes> symbols, kind of) {
    unsigned code = 0;
    unsigned symbol = 0;
    for (unsigned bits = 1; bits <= longest_code; ++bits, code <<= 1U) {
        base_[bits] = symbol - code;
        for (unsigned i = 0; i < lengths[bits]; ++i, ++code, ++symbol) {
            if (symbol >= most_codes || code >= 1U << bits) return false;
            const auto means = meaning(symbols[symbol], bits, of);
            if (!means) return false;
            all_[symbol] = *means;
            if (bits > look_bits) continue;
            const auto first = short_.begin() + (code << (look_bits - bits));
            std::fill(first, first + (1 << (look_bits - bits)), *means);
        }
        ends_[bits] = code << (longest_code - bits);
    }
    return true;
}

leap_table join_codes(const code_table& ac, const code_table& next_dc, const code_table& next_ac) {
    leap_table made;
    for (std::size_t bits = 0; bits < look_size; ++bits)
        made[bits] = join(known_codes{bits}, ac, next_dc, next_ac);
    return made;
}

} // namespace kyc::image
