#pragma once
// The ledger as the commands read it: beside a running daemon, or without one. Never writes.

#include "core/result.hpp"
#include "ledger/records.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc::ledger {

/// Which cases. Everything that is set must match.
struct case_filter {
    std::optional<case_state> state;
    std::string service;           ///< canonical; empty: all
    std::string name;              ///< empty: all
    std::string folder;            ///< as the producer spelled the service; empty: all
    std::optional<utc_time> since; ///< of the end, of open cases of the claim
};

/// Numbers of one service and state.
struct case_count {
    std::string service;
    case_state state = case_state::open;
    std::uint64_t cases = 0;
    std::uint64_t unknown_outcomes = 0; ///< attempts without a known outcome
    std::optional<utc_time> oldest;     ///< claim of the oldest
};

/// A connection that only reads. One thread at a time; blocking. What it returns is one moment of the file.
class reader {
  public:
    virtual ~reader() = default;

    /// Oldest first; without attempts and events, but for `about.last`.
    [[nodiscard]] virtual result<std::vector<case_history>> list(const case_filter& which) = 0;

    /// The same with everything.
    [[nodiscard]] virtual result<std::vector<case_history>> show(const case_filter& which) = 0;

    [[nodiscard]] virtual result<std::vector<case_count>> count() = 0;

    /// Cases that ended at `since` or later: how fast it goes.
    [[nodiscard]] virtual result<std::uint64_t> ended_since(utc_time since) = 0;
};

/// Opens it for reading. None when there is no file yet. A fault says what is wrong with it (damaged, newer schema, not
/// permitted).
[[nodiscard]] result<std::optional<std::unique_ptr<reader>>> open_reader(const std::filesystem::path& file);

} // namespace kyc::ledger
