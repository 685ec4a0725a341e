#pragma once
// From a claimed folder to bytes that may be sent: the plan, then reading, hashing and the image gate.

#include "core/manifest.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/case_folder.hpp"
#include "fs/page_stock.hpp"
#include "progeny/api.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// What a case consists of, by its names; no image has been read.
struct case_outline {
    std::vector<std::pair<std::string, std::string>> images; ///< field, file name
    std::vector<std::pair<std::string, std::string>> fields; ///< form fields without extend_data
    manifest said;
    std::uint64_t image_bytes = 0; ///< what reading them will hold in memory
};

/// The images of a case in memory, checked. Moves without moving the bytes, so parts() stays valid.
struct loaded_case {
    std::vector<file_facts> files;
    std::vector<fs::page_buffer> bytes;    ///< beside `files`
    std::vector<std::string> media_types;  ///< beside `files`
    std::vector<std::string> upload_names; ///< beside `files`: "front_id.png", never the producer's name

    /// As the API wants them; refers to this object's bytes.
    [[nodiscard]] std::vector<progeny::image_part> parts() const;
};

/// Reads names and case.json. Blocks. Fails with the codes of intake.
[[nodiscard]] result<case_outline, trouble> outline_case(const fs::claimed_case& which, const service& target,
                                                         fs::page_stock& pages);

/// Reads each image once, hashes it, and judges the bytes that were hashed. Blocks. `sent_before` (from the ledger)
/// makes a file that differs from what was sent earlier a FILE_CHANGED. Fails with the codes of prepare.
[[nodiscard]] result<loaded_case, trouble> load_case(const fs::claimed_case& which, const case_outline& outline,
                                                     const std::vector<file_facts>& sent_before, fs::page_stock& pages);

} // namespace kyc
