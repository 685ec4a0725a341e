#pragma once
// Reads a JPEG's entropy-coded data without making numbers of it: several times faster than decoding, and enough to
// tell that a picture is whole.

#include <cstddef>
#include <cstdio> // for jpeglib.h, which names FILE and does not include this
#include <span>

struct jpeg_decompress_struct; // jpeglib.h

namespace kyc::image {

/// True: every code of the only scan is one, each block has its 64 coefficients, there are as many blocks as the header
/// says, and the end mark follows at once; libjpeg would read it without a warning. False: not so, or something unusual
/// (arithmetic coding, several scans, odd sampling, bytes in between): only libjpeg can say. Pure, thread safe.
///
/// `info`: after jpeg_read_header(), which has stopped behind the scan's header. `coded`: the bytes from there on.
[[nodiscard]] bool is_whole_scan(const jpeg_decompress_struct& info, std::span<const std::byte> coded);

} // namespace kyc::image
