#pragma once
// The two things about a claimed case's folder that claiming, reading and delivering share.

#include "fs/case_folder.hpp"
#include "fs/safe_open.hpp"

#include <string>

namespace kyc::fs {

/// The case's folder; no link between work/ and it is followed.
[[nodiscard]] result<folder> open_case(const claimed_case& which);

/// Whether a name in a case's folder is one that kycd itself writes.
[[nodiscard]] bool is_own_name(const std::string& name);

} // namespace kyc::fs
