#pragma once
// So that a mutated PNG gets past its checksums, to the code behind them.

#include <cstdint>
#include <span>

namespace kyc::fuzz {

/// Writes the right checksum behind each whole chunk; nothing happens to what is no PNG.
void mend_png_checksums(std::span<std::uint8_t> file);

} // namespace kyc::fuzz
