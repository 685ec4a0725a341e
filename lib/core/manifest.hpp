#pragma once
// case.json: what a producer may say about a case (design section 3).

#include "core/failure.hpp"

#include <boost/system/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// The parsed case.json. Every key is optional.
struct manifest {
    std::map<std::string, std::string> files;  ///< field → file name in the case folder (one path component)
    std::map<std::string, std::string> fields; ///< form field → text
    std::optional<bool> extend_data;
    std::map<std::string, std::string> sha256; ///< file name → 64 lower-case hex digits
    bool high_priority = false;
    std::map<std::string, std::string> labels; ///< free words for later selection; never sent
};

/// Reads case.json. The error names the key and what is allowed (BAD_MANIFEST's message). Never throws.
/// At most 64 KiB, 8 levels; duplicate and unknown keys are errors.
[[nodiscard]] boost::system::result<manifest, std::string> parse_manifest(std::string_view json);

} // namespace kyc
