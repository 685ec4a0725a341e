#pragma once
// What result.json or error.json in a case's folder says about the case: for when the ledger does not know it, or more.

#include "core/report_json.hpp"
#include "fs/safe_open.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// The parts that say how it went; nothing about the person.
struct case_paper {
    bool answered = false; ///< result.json; else error.json
    std::string name;
    std::string service;
    std::string verdict; ///< of an answered case
    std::string code;    ///< of a failed one, as are those below
    std::string stage;
    std::string message;
    std::string advice;
    bool retryable = false;
    std::optional<std::int64_t> http_status;
    std::optional<utc_time> at; ///< answered or failed
    std::optional<utc_time> submitted_at;
    std::string task_id;
    std::uint64_t attempts = 0;
    std::uint64_t polls = 0;
    std::vector<file_facts> files;
    std::string duplicate_of; ///< "service/case", empty when it is none
};

/// Reads <in>/<name>/result.json, or error.json if there is no such file. None when there is neither, or nothing that
/// can be read as one; no link is followed.
[[nodiscard]] std::optional<case_paper> read_case_paper(const fs::folder& in, const std::string& name);

/// The same for an open case folder and one of the two.
[[nodiscard]] std::optional<case_paper> read_case_paper_file(const fs::folder& which, const std::string& file,
                                                             bool answered);

} // namespace kyc
