#pragma once
// result.json and error.json, byte for byte (design section 6).

#include "core/answer.hpp"
#include "core/failure.hpp"
#include "core/lane.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kyc {

class json_writer;

using utc_time = std::chrono::system_clock::time_point;

/// One image as it was checked, hashed and sent. Width and height are as stored in the file, 0 when unknown.
struct file_facts {
    std::string field;
    std::string name; ///< the producer's name for it
    std::uint64_t bytes = 0;
    std::string sha256; ///< 64 lower-case hex digits
    std::uint32_t width = 0;
    std::uint32_t height = 0;
};

/// Who the case is.
struct case_facts {
    std::string name;
    std::string service; ///< canonical
    kyc::lane lane = kyc::lane::live;
    std::vector<file_facts> files;
};

/// What its task went through.
struct task_facts {
    std::string id;
    utc_time submitted_at{};
    utc_time answered_at{};
    std::uint32_t attempts = 0;
    std::uint32_t polls = 0;
};

/// An earlier case with the same bytes.
struct duplicate_facts {
    std::string case_name;
    std::string service;
    std::optional<utc_time> answered_at; ///< none: it was sent, and has no answer yet or never got one
};

/// The member `files` as both reports, and `show`, have it.
void write_files(json_writer& out, const std::vector<file_facts>& files);

/// The text of result.json. `reply` is put in as it came, not re-printed; it must be valid JSON.
[[nodiscard]] std::string result_json(const case_facts& about, const task_facts& task, const answer& said,
                                      const std::optional<duplicate_facts>& duplicate_of, std::string_view reply);

/// The text of error.json. The API's reply goes in as JSON if it is JSON, else its first 2 KiB as text.
[[nodiscard]] std::string error_json(const case_facts& about, const failure& end, std::uint32_t attempts,
                                     utc_time failed_at);

/// "2026-11-20T01:02:03.456Z"
[[nodiscard]] std::string to_iso8601(utc_time time);

/// The inverse; none when the text is not of that form.
[[nodiscard]] std::optional<utc_time> from_iso8601(std::string_view text);

/// A time as people write it, in UTC: `2026-11-20` (its first moment), `2026-11-20T01:02`, `2026-11-20 01:02:03Z`, with
/// milliseconds. None for anything else.
[[nodiscard]] std::optional<utc_time> from_written_time(std::string_view text);

} // namespace kyc
