#pragma once
// Whether bytes are so many units of a baseline JPEG's scan, a unit being a few blocks of 64 coefficients (ITU-T T.81,
// "minimum coded unit").

#include "image/jpeg_codes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kyc::image {

/// What a JPEG may have at most in one unit (ITU-T T.81, B.2.3).
inline constexpr std::size_t most_blocks = 10;

/// The codes of each block of a unit, in order.
class unit_codes {
  public:
    /// The tables must outlive this. False when there are too many blocks.
    [[nodiscard]] bool add_block(const code_table& dc, const code_table& ac);

    /// Once all blocks are there, of which there must be one.
    void join();

    [[nodiscard]] unsigned blocks() const { return count_; }

    /// So many blocks may be gone on to before a place must be brought back into its unit.
    static constexpr unsigned most_running = 96;

    /// The codes of what comes next at a place, whose block may be up to most_running.
    [[nodiscard]] const code_table& at(block_place place) const {
        const auto& block = codes_[place / next_block];
        return place % next_block == 0 ? *block.dc : *block.ac;
    }

    /// For a place that is not before a DC.
    [[nodiscard]] const leap_table& leaps_at(block_place place) const { return *leaps_[place / next_block]; }

  private:
    struct block_codes {
        const code_table* dc = nullptr;
        const code_table* ac = nullptr;
    };

    // Over and over, so that the blocks that were gone on to need not be divided by their count each time.
    std::array<block_codes, most_running + 1> codes_{};
    std::array<const leap_table*, most_running + 1> leaps_{};
    std::vector<leap_table> tables_;
    unsigned count_ = 0;
};

/// So many bytes behind the data are read ahead, whatever they are.
inline constexpr std::size_t read_ahead = 8;

/// True: the bytes are so many units, and at most seven bits more. `data`: entropy-coded bytes without the zeros that
/// stand behind each 0xFF in the file; behind them there are read_ahead more.
[[nodiscard]] bool are_whole_units(const unit_codes& codes, std::span<const std::uint8_t> data, std::uint64_t units);

} // namespace kyc::image
