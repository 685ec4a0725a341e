#pragma once
// What is told of a ticket that runs, as of one moment.

#include "core/report_json.hpp"
#include "told/ticket_view.hpp"

#include <map>
#include <optional>
#include <string>

namespace kyc {
struct case_world;
}

namespace kyc::reverify {

struct running_ticket;

/// What keeps every ticket from running, or those of some services.
struct ticket_obstacles {
    std::string of_all; ///< empty: none
    std::optional<utc_time> next_try;
    std::map<std::string, std::optional<utc_time>> services; ///< that the API does not take now, and their next try
    bool dropped_first = false; ///< dropped cases wait, and bulk cases have all that they may have meanwhile
};

/// As the API and the system are now, but for `dropped_first`.
[[nodiscard]] ticket_obstacles obstacles_of(const case_world& world, utc_time now);

/// As of `now`; what it says of the ticket's pace is as of the call.
[[nodiscard]] ticket_view view_of(const running_ticket& ticket, const ticket_obstacles& in_the_way, utc_time now);

} // namespace kyc::reverify
