#include "image/jpeg_units.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace kyc::image {
namespace {

// What one code waits for is the one before it, and a core could do several times as much meanwhile. So several lanes
// are walked in turns, from several places of the data. Where a lane's first unit begins is not known but guessed:
// Huffman codes that are read from a wrong bit on soon fall in with the right ones. The guess is only believed when the
// lane before arrives there, at this very bit with a whole unit behind it; then everything from there on is the same.
// Else the lane before goes on by itself.
constexpr std::size_t lane_count = 4;

/// In so many bytes a lane falls in with the right codes, nearly always.
constexpr std::size_t falls_in = 1024;

/// For each lane; with less, all is walked in one.
constexpr std::size_t least_section = 4096;

constexpr std::uint64_t most_block_bits = block_size * (longest_code + most_dc_bits);
static_assert(least_section * 8 > falls_in * 8 + most_blocks * most_block_bits, "a guess must not reach the next one");

/// A refill gives 56 bits.
constexpr unsigned leaps_in_refill = 56 / most_leap_bits;
constexpr unsigned refills_in_turn = 4;
constexpr unsigned leaps_in_turn = refills_in_turn * leaps_in_refill;

/// What a turn takes at most: each leap may turn out to be a coefficient and the next block's DC. And a little, so that
/// lanes stop before the end of their data, where units must be counted.
constexpr std::uint64_t most_turn_bits =
    leaps_in_turn * (longest_code + most_ac_bits + longest_code + most_dc_bits) + 64;

/// From here on a place is brought back into its unit. A turn goes on by a block a leap at most, and enters one before.
constexpr block_place most_running = (unit_codes::most_running - leaps_in_turn - 1) * next_block;
static_assert(most_running > most_blocks * next_block);

/// Where a walk has come to.
struct progress {
    std::uint64_t bit = 0; ///< of the data
    block_place at = 0;
    std::uint64_t units = 0; ///< without those in `at`
    bool broken = false;     ///< what comes next is no code, or too much for the block
};

struct lane : progress {
    std::uint64_t until = 0; ///< a bit that is not gone over
    std::uint64_t window = 0;

    [[nodiscard]] bool goes_on() const { return bit + most_turn_bits < until && !broken; }

    [[nodiscard]] const progress& reached() const { return *this; }
};

class walk {
  public:
    walk(const unit_codes& codes, std::span<const std::uint8_t> data)
        : codes_(codes), bytes_(data.data()), end_(std::uint64_t{data.size()} * 8) {}

    [[nodiscard]] bool is_whole(std::uint64_t units) const {
        auto made = end_ / 8 >= lane_count * least_section ? in_lanes() : progress{};
        go_near(made, end_);
        while (made.units < units && made.bit <= end_ && !made.broken)
            read_code(made);
        return made.units == units && (made.bit + 7) / 8 * 8 == end_ && !made.broken;
    }

  private:
    /// The coming bits, the next one at the top; 57 at least.
    [[nodiscard]] std::uint64_t window(std::uint64_t bit) const {
        std::uint64_t more = 0;
        std::memcpy(&more, bytes_ + bit / 8, sizeof more);
        if constexpr (std::endian::native == std::endian::little) more = __builtin_bswap64(more);
        return more << bit % 8;
    }

    /// One code, without bringing `at` back into the unit.
    void step(progress& made) const {
        const auto found = codes_.at(made.at).next(window(made.bit));
        const bool ends = found.coefficients == ends_block;
        const auto reached = made.at % next_block + (ends ? 0U : found.coefficients);
        made.broken = found.bits == 0 || reached > block_size;
        if (made.broken) return;
        made.bit += found.bits;
        const auto block = made.at - made.at % next_block;
        made.at = ends || reached == block_size ? block + next_block : block + reached;
    }

    void bring_back(progress& made) const {
        const auto blocks = made.at / next_block;
        made.units += blocks / codes_.blocks();
        made.at = blocks % codes_.blocks() * next_block + made.at % next_block;
    }

    void read_code(progress& made) const {
        step(made);
        if (made.at == codes_.blocks() * next_block) bring_back(made);
    }

    /// What a leap cannot do: a code that is too long for its table, the end of a block that is full.
    progress step_instead(std::uint64_t bit, block_place at) const {
        progress made{.bit = bit, .at = at};
        step(made);
        if (made.at % next_block == 0 && !made.broken) step(made);
        return made;
    }

    void take_leap(lane& here) const {
        const auto found = codes_.leaps_at(here.at)[here.window >> (64 - look_bits)];
        const auto within = found.within(here.at);
        if (within & over_block) [[unlikely]] {
            const auto made = step_instead(here.bit, here.at);
            here.bit = made.bit;
            here.at = made.at;
            here.broken |= made.broken;
            here.window = window(here.bit);
            return;
        }
        here.window <<= found.bits();
        here.bit += found.bits();
        here.at = found.beyond(within);
    }

    /// Until one of them has arrived.
    template<std::size_t... Index>
    void take_turns(const std::array<lane*, sizeof...(Index)>& given, std::index_sequence<Index...>) const {
        std::array<lane, sizeof...(Index)> lanes{*given[Index]...}; // a copy, for the registers
        while ((lanes[Index].goes_on() && ...)) {
            for (unsigned refill = 0; refill < refills_in_turn; ++refill) {
                ((lanes[Index].window = window(lanes[Index].bit)), ...);
                for (unsigned i = 0; i < leaps_in_refill; ++i)
                    (take_leap(lanes[Index]), ...);
            }
            ((lanes[Index].at >= most_running ? bring_back(lanes[Index]) : void()), ...);
        }
        (bring_back(lanes[Index]), ...);
        ((*given[Index] = lanes[Index]), ...);
    }

    /// Until all have arrived.
    template<std::size_t Count>
    void run(std::array<lane*, Count> lanes) const {
        take_turns(lanes, std::make_index_sequence<Count>());
        if constexpr (Count > 1) {
            std::array<lane*, Count - 1> others{};
            std::iter_swap(std::ranges::find_if_not(lanes, &lane::goes_on), lanes.end() - 1);
            std::copy_n(lanes.begin(), Count - 1, others.begin());
            run(others);
        }
    }

    /// A lane goes by leaps, which do not begin before a DC.
    [[nodiscard]] lane lane_from(const progress& from, std::uint64_t until) const {
        lane made{from, until};
        if (made.goes_on() && made.at % next_block == 0) read_code(made);
        return made;
    }

    void go_near(progress& made, std::uint64_t bit) const {
        auto alone = lane_from(made, bit);
        run(std::array{&alone});
        made = alone.reached();
    }

    /// Where a unit may begin, some bytes behind.
    [[nodiscard]] progress guess_unit(std::uint64_t bit) const {
        progress made{.bit = bit};
        while (made.bit < bit + falls_in * 8 || made.at != 0) {
            read_code(made);
            if (made.broken) made = {.bit = made.bit + 1};
        }
        return {.bit = made.bit};
    }

    /// As far as lanes go that fit together.
    [[nodiscard]] progress in_lanes() const {
        std::array<progress, lane_count> begins{};
        for (std::size_t i = 1; i < lane_count; ++i)
            begins[i] = guess_unit(end_ / 8 * i / lane_count * 8);
        std::array<lane, lane_count> lanes;
        std::array<lane*, lane_count> running{};
        for (std::size_t i = 0; i < lane_count; ++i) {
            lanes[i] = lane_from(begins[i], i + 1 < lane_count ? begins[i + 1].bit : end_);
            running[i] = &lanes[i];
        }
        run(running);

        progress made = lanes[0].reached();
        for (std::size_t i = 1; i < lane_count; ++i) {
            go_near(made, begins[i].bit);
            while (made.bit < begins[i].bit && !made.broken)
                read_code(made);
            if (made.bit != begins[i].bit || made.at != 0) continue;
            const auto units = made.units;
            made = lanes[i].reached();
            made.units += units;
        }
        return made;
    }

    const unit_codes& codes_;
    const std::uint8_t* bytes_;
    std::uint64_t end_;
};

} // namespace

bool unit_codes::add_block(const code_table& dc, const code_table& ac) {
    if (count_ == most_blocks) return false;
    codes_[count_++] = {&dc, &ac};
    return true;
}

void unit_codes::join() {
    for (std::size_t i = count_; i < codes_.size(); ++i)
        codes_[i] = codes_[i - count_];
    tables_.reserve(count_); // so that they stay where they are
    for (std::size_t i = 0; i < leaps_.size(); ++i) {
        const auto& next = codes_[(i + 1) % count_];
        const auto is_same = [&](std::size_t other) {
            const auto& behind = codes_[other + 1];
            return codes_[other].ac == codes_[i].ac && behind.dc == next.dc && behind.ac == next.ac;
        };
        std::size_t same = 0;
        while (same < i && !is_same(same))
            ++same;
        if (same == i) tables_.push_back(join_codes(*codes_[i].ac, *next.dc, *next.ac));
        leaps_[i] = same == i ? &tables_.back() : leaps_[same];
    }
}

bool are_whole_units(const unit_codes& codes, std::span<const std::uint8_t> data, std::uint64_t units) {
    return walk(codes, data).is_whole(units);
}

} // namespace kyc::image
