#pragma once
// How a case ended, read from what kycd left beside its images: where the folders know more than the ledger.

#include "fs/ended_cases.hpp"
#include "ledger/records.hpp"

#include <optional>
#include <string_view>

namespace kyc {

/// The end that result.json or error.json tells, without its place, and with the API's reply. `gone` when the text is
/// neither.
[[nodiscard]] ledger::case_end end_in_report(std::string_view text);

/// A case that has ended, as far as its folder shows it, with the API's reply. None when nothing in it is kycd's.
/// Blocks.
[[nodiscard]] std::optional<ledger::case_history> ended_case_in(const fs::ended_place& where);

/// How the case of an open record ended whose folder is not in work/ any more: from the folder in outbox/ or failed/
/// that it became; `gone` when there is none. Blocks.
[[nodiscard]] ledger::case_end end_of_moved_case(const fs::spool_layout& layout, const ledger::case_record& record);

} // namespace kyc
