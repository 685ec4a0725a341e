#pragma once
// work/.crashes: a line for each time that the process broke down at a case. Blocking.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"
#include "fs/unique_fd.hpp"

#include <cstddef>
#include <map>

namespace kyc::fs {

/// Open for appending "<folder>/<name>\n", also from a signal handler; made when it is missing.
[[nodiscard]] result<unique_fd> open_crash_notes(const spool_layout& layout);

/// How often each case is in it. Lines that cannot be read are passed over.
[[nodiscard]] result<std::map<case_key, std::size_t>> read_crash_notes(const spool_layout& layout);

/// Takes the case's lines out, in place: the file may be open for appending.
[[nodiscard]] result<void> forget_crashes(const spool_layout& layout, const case_key& which);

} // namespace kyc::fs
