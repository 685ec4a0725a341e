#pragma once
// work/.crashes: a line for each time that the process broke down at a case. Blocking.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"
#include "fs/unique_fd.hpp"

#include <cstddef>
#include <map>
#include <string_view>

namespace kyc::fs {

/// Before the folder of a case that is being verified again; no service is called so.
inline constexpr std::string_view bulk_mark = "reverify/";

/// Behind the name of a case that had its task: what broke down was the work on its answer. No name holds a tab.
inline constexpr std::string_view task_mark = "\ttask";

/// How often the process broke down at a case.
struct crash_count {
    std::size_t before_task = 0; ///< what it takes to send the case
    std::size_t at_answer = 0;   ///< asking for its task, reading the answer, delivering it

    [[nodiscard]] std::size_t all() const { return before_task + at_answer; }
};

/// Open for appending "<folder>/<name>\n" (with the marks), also from a signal handler; made when it is missing.
[[nodiscard]] result<unique_fd> open_crash_notes(const spool_layout& layout);

/// How often each case is in it. Lines that cannot be read are passed over.
[[nodiscard]] result<std::map<case_key, crash_count>> read_crash_notes(const spool_layout& layout);

/// Takes the case's lines out, in place: the file may be open for appending.
[[nodiscard]] result<void> forget_crashes(const spool_layout& layout, const case_key& which);

} // namespace kyc::fs
