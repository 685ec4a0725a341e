#pragma once
// Reading a claimed case: names, case.json, images; never through a link, never outside the case. Blocking: call it on
// the pool.

#include "core/result.hpp"
#include "fs/case_folder.hpp"
#include "fs/page_stock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::fs {

/// What is said beside NOT_A_REGULAR_FILE to somebody who linked a file into a case.
inline constexpr std::string_view hard_link_advice =
    "Copy the file into the case instead of linking it, and drop the case again.";

/// A file's bytes as read once, with their hash.
struct file_bytes {
    page_buffer bytes;
    std::string sha256; ///< 64 lower-case hex digits
};

/// The names in the case's folder, sorted; kycd's own files (result.json, error.json, temporary ones) left out.
[[nodiscard]] result<std::vector<std::string>> list_case(const claimed_case& which);

/// Reads one regular file beneath the case (openat2, RESOLVE_BENEATH, no links, no FIFO ever opened for blocking).
/// NOT_A_REGULAR_FILE (also for a file that has a second name: it may be somebody's), FILE_UNREADABLE (gone, or not
/// permitted), FILE_TOO_LARGE past `max_bytes`, FILE_CHANGED when somebody wrote to it meanwhile; everything else is a
/// fault. The bytes lie in a buffer of `pages`.
[[nodiscard]] result<file_bytes, trouble> read_case_file(const claimed_case& which, const std::string& name,
                                                         std::uint64_t max_bytes, page_stock& pages);

/// The sum of the sizes of these files as fstat says, for the memory permit; files that are no regular ones count 0.
/// The largest number there is when the system does not tell: bound it by what may be held at most.
[[nodiscard]] std::uint64_t size_of(const claimed_case& which, const std::vector<std::string>& names);

} // namespace kyc::fs
