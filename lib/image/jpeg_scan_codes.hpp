#pragma once
// The codes of a whole scan, kept from one picture to the next: an encoder writes the same tables into all of its
// pictures, and making leaps of them takes as long as walking through 20 kB.

#include "image/jpeg_codes.hpp"
#include "image/jpeg_units.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace kyc::image {

/// One Huffman table, as code_table::build() wants it.
struct table_definition {
    std::array<std::uint8_t, longest_code + 1> lengths{};
    std::array<std::uint8_t, most_codes> symbols{};

    [[nodiscard]] bool operator==(const table_definition&) const = default;
};

/// The numbers of a block's tables.
struct block_definition {
    std::uint8_t dc = 0;
    std::uint8_t ac = 0;

    [[nodiscard]] bool operator==(const block_definition&) const = default;
};

/// What a JPEG says of the codes of its scan.
struct scan_definition {
    /// By their numbers, which are 0 to 3 (ITU-T T.81, B.2.4.2); those that the scan uses.
    using tables = std::array<std::optional<table_definition>, 4>;

    tables dc;
    tables ac;
    std::vector<block_definition> blocks; ///< of a unit, in order, one at least; their tables are there

    [[nodiscard]] bool operator==(const scan_definition&) const = default;
};

/// The codes of the last few scans that one thread has met. Not thread safe.
class known_scan_codes {
  public:
    /// So many are kept, of some 70 kB each: people's cameras, and what cuts and scales their pictures.
    static constexpr std::size_t most_kept = 3;

    known_scan_codes();
    ~known_scan_codes();
    known_scan_codes(const known_scan_codes&) = delete;
    known_scan_codes& operator=(const known_scan_codes&) = delete;

    /// Valid until the next call. Null: not a scan that is walked here.
    [[nodiscard]] const unit_codes* find_or_make(const scan_definition& wanted);

  private:
    struct scan_codes;

    std::vector<std::unique_ptr<scan_codes>> kept_; ///< the one that was used last in front
};

} // namespace kyc::image
