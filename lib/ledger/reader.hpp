#pragma once
// The ledger as the commands read it: beside a running daemon, or without one. Never writes.

#include "ledger/records.hpp"
#include "ledger/tickets.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
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

/// Numbers of one service, lane and state.
struct case_count {
    std::string service;
    kyc::lane lane = lane::live;
    case_state state = case_state::open;
    std::uint64_t cases = 0;
    std::uint64_t unknown_outcomes = 0; ///< attempts without a known outcome
    std::optional<utc_time> oldest;     ///< claim of the oldest
};

/// One that was delivered or failed.
struct ended_case {
    case_key key;
    std::string service;
    case_state state = case_state::delivered;
    std::string word; ///< see case_end
    utc_time taken_at{};
    utc_time ended_at{};
};

/// What a reader returns; the error is a sentence that names the file and says what to do.
template<class T>
using read_result = boost::system::result<T, std::string>;

/// A connection that only reads. One thread at a time; blocking.
class reader {
  public:
    virtual ~reader() = default;

    /// Hands over the cases in the order in which they were taken, without attempts and events, but for `about.last`.
    /// They are read a few hundred at a time, so that a slow `visit` keeps the daemon's file from nothing: cases that
    /// change meanwhile are seen as they were or as they are. `visit` returns whether to go on.
    [[nodiscard]] virtual read_result<void> list(const case_filter& which,
                                                 const std::function<bool(case_history)>& visit) = 0;

    /// The same with everything, as of one moment.
    [[nodiscard]] virtual read_result<std::vector<case_history>> show(const case_filter& which) = 0;

    /// By service, lane and state.
    [[nodiscard]] virtual read_result<std::vector<case_count>> count() = 0;

    /// Dropped cases that were delivered or failed at `since` or later: how fast it goes.
    [[nodiscard]] virtual read_result<std::uint64_t> ended_since(utc_time since) = 0;

    /// Hands over the dropped cases that were delivered or failed at `since` or later, but before `until`, in the order
    /// of the ends; re-verifications are no cases that came in. Reads no more of the file than those rows, a few
    /// hundred at a time, as list().
    [[nodiscard]] virtual read_result<void> ended(utc_time since, utc_time until,
                                                  const std::function<void(const ended_case&)>& visit) = 0;

    /// Every ticket, in the order of acceptance.
    [[nodiscard]] virtual read_result<std::vector<ticket_standing>> tickets() = 0;

    /// The names of the tickets, of those that have not ended, that have this case of the bulk lane still to be done,
    /// in the order of acceptance.
    [[nodiscard]] virtual read_result<std::vector<std::string>> tickets_waiting_for(const case_key& which) = 0;

    /// See ledger::keep_answer_times; a minute old at most.
    [[nodiscard]] virtual read_result<std::map<std::string, std::string>> answer_times() = 0;

    /// The identity of the spool it belongs to; empty when it has none yet.
    [[nodiscard]] virtual read_result<std::string> spool() = 0;
};

/// Opens it for reading. None when there is no file yet, or nothing in it. The error says what is wrong with it:
/// damaged, of another version, not permitted. Leaves no files behind that were not there, unless a process that wrote
/// it was killed: then what belongs beside the ledger is made anew, and is its owner's.
[[nodiscard]] read_result<std::optional<std::unique_ptr<reader>>> open_reader(const std::filesystem::path& file);

} // namespace kyc::ledger
