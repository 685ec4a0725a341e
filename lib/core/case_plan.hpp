#pragma once
// Which file of a case is which field: pure, from the names alone.

#include "core/failure.hpp"
#include "core/manifest.hpp"
#include "core/service.hpp"

#include <boost/system/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// One image of a case.
struct planned_file {
    std::string field; ///< as the API spells it
    std::string name;  ///< the file's name in the case folder
};

/// What a case would send, and what it still lacks.
struct case_plan {
    std::vector<planned_file> images; ///< in the service's order; only those present
    std::vector<std::string> missing; ///< image fields without a file and required form fields without a value
    std::vector<std::pair<std::string, std::string>> fields; ///< form fields to send, without extend_data
};

/// Assigns files to fields: case.json's `files` first, else stem equals field, letter case ignored. Junk never takes
/// part. `names` are the entries of a case folder; `flat_case` is the case's name when the files are
/// `<case>.<field>.<ext>` or `<case>.<ext>` (the prefix is then taken off first), empty for a folder case. Fails with
/// AMBIGUOUS_FILES (two files for one field) or BAD_MANIFEST (a field or file the service does not have).
[[nodiscard]] boost::system::result<case_plan, failure> plan_case(const service& target,
                                                                  const std::vector<std::string>& names,
                                                                  const manifest& said, std::string_view flat_case);

} // namespace kyc
