#pragma once
// The metrics: what is counted where it happens, what is read when somebody asks, and the one place that names them.

#include "async/loop_latency.hpp"
#include "core/answer.hpp"
#include "core/census.hpp"
#include "core/duration_histogram.hpp"
#include "core/failure.hpp"
#include "core/lane.hpp"
#include "figures/disk_watch.hpp"
#include "figures/ticket_metrics.hpp"
#include "ledger/ledger.hpp"
#include "net/http_client.hpp"
#include "progeny/api.hpp"
#include "progeny/call_counts.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc {

/// What a question about a task came to.
enum class poll_outcome {
    answered,
    waiting,        ///< no outcome yet, or the task is not known yet
    task_failed,    ///< FAILURE
    rejected,       ///< the task was refused with messages
    revoked,        ///< REVOKED
    not_understood, ///< a reply that nobody can read
    refused,        ///< the API will not tell
    retried,        ///< nothing was learnt: it is asked again
};

inline constexpr std::size_t poll_outcome_count = 8;

/// "answered", "waiting", "task_failed", "rejected", "revoked", "not_understood", "refused", "retried".
[[nodiscard]] std::string_view to_string(poll_outcome value);

/// What is read from others at the moment of the question; see take_readings().
struct readings {
    std::chrono::system_clock::time_point now{};
    std::vector<census::row> cases;
    std::uint64_t uploads_in_flight = 0;
    std::uint64_t uploads_allowed = 0;
    std::uint64_t uploads_limit = 0;
    std::uint64_t polls_in_flight = 0;
    std::uint64_t polls_allowed = 0;
    std::uint64_t polls_limit = 0;
    std::uint64_t pending = 0;
    std::uint64_t pending_limit = 0;
    std::uint64_t image_bytes = 0;
    std::uint64_t image_bytes_limit = 0;
    std::size_t faults = 0;
    progeny::api_health api;
    progeny::call_counts calls;
    std::optional<std::chrono::milliseconds> token_age;
    net::http_statistics net;
    ledger::ledger::statistics ledger;
    disk_readings disk;
    duration_histogram scans{disk_bounds};
    std::optional<std::chrono::system_clock::time_point> last_scan;
    duration_histogram claim_syncs{disk_bounds};
    duration_histogram deliver_syncs{disk_bounds};
    async::loop_latency loop;
    std::vector<reverify::ticket_view> tickets; ///< that have not ended
};

/// Counters of one process. Loop's thread only. Services are told by their canonical names, or as unknown_service(): no
/// producer's word becomes a label.
class instruments {
  public:
    /// `services`: those whose counters are there, at zero, from the start.
    instruments(std::vector<std::string> services, std::chrono::system_clock::time_point started);

    using duration = std::chrono::system_clock::duration;

    /// `waited`: from the drop; none: nobody knows.
    void claimed(const std::string& service, std::optional<duration> waited);
    void attempted(const std::string& service, lane way, ledger::attempt_outcome outcome);
    /// A receipt; `took`: the upload, from the intent to the reply.
    void submitted(const std::string& service, duration took);
    void polled(const std::string& service, lane way, poll_outcome outcome);
    /// `took`: since the receipt.
    void answered(const std::string& service, duration took);
    /// `took`: since the answer; `whole`: since the drop.
    void delivered(const std::string& service, verdict value, duration took, std::optional<duration> whole);
    void failed(const std::string& service, stage where, failure_code code);
    /// Its folder was taken out of work/ by somebody else.
    void gone(const std::string& service);
    void unknown_outcome(const std::string& service);
    void duplicate(const std::string& service);
    /// A case of a ticket.
    void ticket_case_ended(const std::string& service, ticket_case_end how);
    void ticket_ended(reverify::ticket_outcome how);
    /// BAD_TICKET.
    void ticket_refused();
    void reloaded(bool well, std::chrono::system_clock::time_point at);

    /// The text for a scrape, from a copy of everything as of now: the call costs some microseconds, what it returns
    /// may be called on any thread, reads /proc, and takes a millisecond or two.
    [[nodiscard]] std::function<std::string()> page(readings now) const;

  private:
    /// Of one service.
    struct figures {
        std::uint64_t claimed = 0;
        std::uint64_t receipts = 0;
        std::uint64_t unknown_outcomes = 0;
        std::uint64_t duplicates = 0;
        std::uint64_t gone = 0;
        std::array<std::uint64_t, 6> attempts{}; ///< by ledger::attempt_outcome
        std::array<std::uint64_t, poll_outcome_count> polls{};
        std::map<verdict, std::uint64_t> verdicts;
        std::map<std::pair<stage, failure_code>, std::uint64_t> failures;
        duration_histogram claim_delay{case_bounds};
        duration_histogram upload{call_bounds};
        duration_histogram answer{case_bounds};
        duration_histogram deliver{disk_bounds};
        duration_histogram whole{case_bounds};
    };

    /// Everything that is copied.
    struct state {
        std::map<std::string, figures> services;
        std::array<std::uint64_t, 6> ticket_attempts{}; ///< those among all that were for tickets
        std::array<std::uint64_t, poll_outcome_count> ticket_polls{};
        ticket_counts tickets;
        std::chrono::system_clock::time_point started;
        bool reloaded_well = true;
        std::chrono::system_clock::time_point last_good_load;
    };

    class writer;

    state state_;
};

/// What the service of an unknown folder is called where a producer's words may not stand.
[[nodiscard]] const std::string& unknown_service();

} // namespace kyc
