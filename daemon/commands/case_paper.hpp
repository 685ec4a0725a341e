#pragma once
// result.json or error.json in a case's folder, as the commands read it: when the ledger does not know the case, or
// less.

#include "core/report_read.hpp"
#include "fs/safe_open.hpp"

#include <optional>
#include <string>

namespace kyc {

/// Reads <in>/<name>/result.json, or error.json if there is no such file. None when there is neither, or nothing that
/// can be read as one; no link is followed.
[[nodiscard]] std::optional<report_facts> read_case_paper(const fs::folder& in, const std::string& name);

/// The same for one file of an open case folder.
[[nodiscard]] std::optional<report_facts> read_case_paper_file(const fs::folder& which, const std::string& file);

} // namespace kyc
