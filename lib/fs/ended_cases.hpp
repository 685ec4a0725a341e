#pragma once
// What outbox/ and failed/ show about cases that have ended, for a ledger that does not know. Blocking; reads only.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// A case's folder in outbox/ or failed/. `key.name` is the folder's name there, which may end in ~2.
struct ended_place {
    case_key key;
    std::filesystem::path folder;
};

/// Every case in outbox/ and failed/, in no order; what belongs to tickets is none. A service folder that cannot be
/// read is left out.
[[nodiscard]] result<std::vector<ended_place>> list_ended(const spool_layout& layout);

/// Where a case of this name may have gone: outbox/<folder>/<name>, <name>~2 and so on as far as there is one, then the
/// same in failed/; the newest of each root first.
[[nodiscard]] std::vector<ended_place> places_of(const spool_layout& layout, const case_key& key);

/// The text of its result.json, else of its error.json; none when there is neither, or none that kycd wrote.
[[nodiscard]] result<std::optional<std::string>> read_report_in(const ended_place& where);

} // namespace kyc::fs
