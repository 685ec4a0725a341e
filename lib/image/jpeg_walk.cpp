#include "image/jpeg_walk.hpp"

#include "image/jpeg_scan_codes.hpp"
#include "image/jpeg_units.hpp"

#include <jpeglib.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace kyc::image {
namespace {

/// Takes over the table of this number. False when there is none.
bool take_table(const JHUFF_TBL* const (&from)[NUM_HUFF_TBLS], int number, scan_definition::tables& into) {
    if (number < 0 || number >= NUM_HUFF_TBLS) return false;
    const auto which = static_cast<std::size_t>(number);
    if (!from[which]) return false;
    auto& table = into[which].emplace();
    std::ranges::copy(from[which]->bits, table.lengths.begin());
    std::ranges::copy(from[which]->huffval, table.symbols.begin());
    return true;
}

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
        thread_local known_scan_codes known; // no thread waits for another here
        codes_ = known.find_or_make(definition_);
        if (!codes_) return false;
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

    /// `plain`: room to work in.
    bool walk(std::span<const std::byte> coded, std::vector<std::uint8_t>& plain) const {
        std::size_t at = 0;
        std::uint64_t left = units_;
        for (unsigned interval = 0;; ++interval) {
            const std::uint64_t units = restart_ == 0 ? left : std::min<std::uint64_t>(left, restart_);
            if (!unstuff(coded, at, plain) ||
                !are_whole_units(*codes_, std::span{plain}.first(plain.size() - read_ahead), units))
                return false;
            left -= units;
            const auto mark = std::to_integer<unsigned>(coded[at + 1]);
            at += 2;
            if (left == 0) return mark == JPEG_EOI;
            if (mark != JPEG_RST0 + interval % 8) return false;
        }
    }

  private:
    bool add(const jpeg_decompress_struct& info, const jpeg_component_info& part) {
        if (!take_table(info.dc_huff_tbl_ptrs, part.dc_tbl_no, definition_.dc) ||
            !take_table(info.ac_huff_tbl_ptrs, part.ac_tbl_no, definition_.ac))
            return false;
        // A scan of one component has one block in a unit, whatever its factors are.
        const int blocks = info.comps_in_scan == 1 ? 1 : part.h_samp_factor * part.v_samp_factor;
        const block_definition block{static_cast<std::uint8_t>(part.dc_tbl_no),
                                     static_cast<std::uint8_t>(part.ac_tbl_no)};
        definition_.blocks.insert(definition_.blocks.end(), static_cast<std::size_t>(blocks), block);
        return definition_.blocks.size() <= most_blocks;
    }

    /// The bytes up to the next marker as they were before zeros were put behind each 0xFF, and room to read ahead in.
    /// `at` is at the marker then. False: there is none.
    static bool unstuff(std::span<const std::byte> coded, std::size_t& at, std::vector<std::uint8_t>& plain) {
        plain.clear();
        plain.reserve(coded.size() - at + read_ahead);
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
        plain.resize(plain.size() + read_ahead);
        return true;
    }

    scan_definition definition_;
    const unit_codes* codes_ = nullptr;
    std::uint64_t units_ = 0;
    std::uint64_t restart_ = 0;
};

} // namespace

bool is_whole_scan(const jpeg_decompress_struct& info, std::span<const std::byte> coded) {
    scan only;
    if (!only.prepare(info)) return false;
    // Used again by the next picture, unless it is larger than most: pages that come and go with each take as long as
    // a tenth of the walk.
    constexpr std::size_t most_kept = 512 * 1024;
    thread_local std::vector<std::uint8_t> plain;
    const bool whole = only.walk(coded, plain);
    if (plain.capacity() > most_kept) std::vector<std::uint8_t>().swap(plain);
    return whole;
}

} // namespace kyc::image
