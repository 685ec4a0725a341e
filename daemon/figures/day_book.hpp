#pragma once
// What is told of cases while it happens: where they stand, what became of them in the last day, the metrics.

#include "admin/history.hpp"
#include "admin/recent_failures.hpp"
#include "core/census.hpp"
#include "core/lane.hpp"
#include "core/service.hpp"
#include "figures/instruments.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace kyc {

/// One process's. Loop's thread only; each call costs less than a microsecond or two. Services are told by their
/// canonical names, or as unknown_service().
class day_book {
  public:
    using time = std::chrono::system_clock::time_point;
    using duration = std::chrono::system_clock::duration;

    day_book(const service_table& services, time started);

    void claimed(const std::string& service, std::optional<time> dropped);

    /// A receipt, after an upload that took so long.
    void submitted(const std::string& service, duration took);

    /// It lies in outbox/, so long after its answer came.
    void delivered(const std::string& service, verdict value, duration took, std::optional<time> dropped);

    /// It lies in failed/. `name`: "folder/case".
    void failed(const std::string& service, stage where, failure_code code, std::string name);

    /// Where the cases of a lane stand: what was dropped is told as cases, what is verified again as part of its
    /// ticket.
    [[nodiscard]] census& stands_of(lane which) { return which == lane::bulk ? stands_again : stands; }

    census stands;       ///< of the cases that were dropped
    census stands_again; ///< of delivered ones that are being verified again
    admin::history history;
    admin::recent_failures failures;
    instruments metrics;
    const time started;
};

/// The canonical name of a folder's service, or unknown_service().
[[nodiscard]] const std::string& service_name(const service_table& services, const std::string& folder);

} // namespace kyc
