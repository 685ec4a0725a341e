#pragma once
// The composition root of `kycd run`: the only place that builds the daemon's objects.

#include "async/loop_latency.hpp"
#include "config/exit_code.hpp"
#include "config/options.hpp"
#include "core/answer.hpp"
#include "core/failure.hpp"
#include "core/settings.hpp"
#include "ledger/ledger.hpp"
#include "net/http_client.hpp"
#include "start/start_failure.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kyc {

/// How a run ended.
struct run_outcome {
    exit_code code = exit_code::done;
    std::uint64_t taken = 0;   ///< the resumed ones included
    std::uint64_t resumed = 0; ///< found in work/ at the start
    std::uint64_t delivered = 0;
    std::uint64_t failed = 0;
    std::uint64_t open = 0;
    std::uint64_t left = 0;             ///< still in the inbox when it stopped early; --once only
    std::uint64_t submissions = 0;      ///< receipts
    std::uint64_t unknown_outcomes = 0; ///< submits of which nobody knows whether they were accepted
    std::uint64_t duplicates = 0;       ///< answered from an earlier case with the same bytes
    ledger::ledger::statistics ledger;
    std::map<verdict, std::uint64_t> verdicts;
    std::map<failure_code, std::uint64_t> failures;
    std::vector<std::pair<std::string, std::string>> not_ready; ///< case and why; --once only
    net::http_statistics http;
    async::loop_latency loop;
    std::string trouble; ///< why it stopped early; empty if it did not
};

/// The daemon, ready to run.
class app {
  public:
    virtual ~app() = default;

    /// Runs the loop to its end: a stop signal, or with --once the last answer. The calling thread is the loop's
    /// thread.
    [[nodiscard]] virtual run_outcome run() = 0;
};

/// Checks folders, takes the spool's lock, opens the ledger, builds everything. Talks to nobody yet.
[[nodiscard]] boost::system::result<std::unique_ptr<app>, start_failure>
start_app(std::shared_ptr<const settings> config, const run_options& options);

} // namespace kyc
