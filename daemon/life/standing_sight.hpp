#pragma once
// What stands in outbox/ of a delivered case: whether it can be verified again, and what it was answered.

#include "core/answer_change.hpp"
#include "core/report_json.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"
#include "life/bulk_case.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc::reverify {

/// The objection to a case that is not there any more.
inline constexpr std::string_view has_left = "the case has left the outbox";

/// What was found.
struct standing_sight {
    std::string objection; ///< why it is not sent; empty: it can be, and the rest is filled in
    std::filesystem::path folder;
    bool flat = false;            ///< its files were dropped flat
    std::vector<file_facts> sent; ///< what the standing answer was given for
    std::optional<duplicate_facts> duplicate_of;
};

/// The name in history/ of an answer that came at that time.
[[nodiscard]] std::string history_name(utc_time answered_at);

/// `was_sent`: by this ticket already, so that a newer answer is none of somebody else's. Blocks. A fault is the
/// system's.
[[nodiscard]] result<standing_sight> look_at(const fs::spool_layout& layout, const bulk_case& which, bool was_sent);

/// That a case has left the outbox, and which task was paid for nothing. `answer`: its verdict; empty: not known.
[[nodiscard]] std::string words_of_leaving(const ledger::case_record& record, const std::string& answer);

/// How the two answers differ that a changed case of a ticket had before and after: as they are kept beside its images.
/// None when one of them is not there any more. Blocks.
[[nodiscard]] std::optional<answer_change> compare_kept(const fs::spool_layout& layout, const ledger::ticket_case& row);

} // namespace kyc::reverify
