#pragma once
// What a ticket would do, without doing anything: how many cases, how long, and what it costs.

#include "core/settings.hpp"
#include "core/ticket.hpp"
#include "core/time_window.hpp"
#include "ledger/reader.hpp"
#include "reverify/select_cases.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kyc::reverify {

/// What sets the pace.
enum class pace_source {
    unknown,     ///< nothing was delivered lately and no limit is set
    limits,      ///< limits.rate
    ticket_rate, ///< the ticket's own
    uploads,     ///< so many at once (limits.uploads), each as long as of late
    pending      ///< so many cases at once (limits.pending), each as long as of late from its upload to its answer
};

struct ticket_plan {
    selected_cases selected;
    std::map<std::pair<std::string, std::string>, std::uint64_t> groups; ///< by service and verdict
    std::uint64_t canaries = 0;
    std::uint64_t held = 0;          ///< they bear the mark (fs::hold_mark)
    std::uint64_t without_files = 0; ///< images are gone, or are of another size than when they were sent
    std::uint64_t calls = 0;         ///< of the rest, one each, within the budget; repeats come on top
    bool budget_ends_it = false;

    double per_second = 0; ///< it is never faster than that; 0: not known
    pace_source pace = pace_source::unknown;
    std::optional<std::chrono::milliseconds> each;     ///< of pace_source::uploads and pending: what takes so long
    std::optional<std::chrono::milliseconds> duration; ///< at least

    time_window window;              ///< the one that holds
    utc_time begins_at{};            ///< now, or when the window opens
    std::optional<utc_time> ends_at; ///< at the earliest
    std::uint64_t nights = 0;        ///< windows that it takes part of; 0: not known
};

/// Reads the outbox and, if there is one, the ledger (may be null). Blocking, some 60 us a case. A fault: the outbox
/// cannot be read.
[[nodiscard]] result<ticket_plan> plan_ticket(const settings& config, const ticket& asked, ledger::reader* ledger,
                                              utc_time now);

/// The ticket's canaries that no delivered case is called like, for which the daemon would refuse it. Reads the outbox
/// no further than it must: a listing and the canaries themselves, unless one is missing. Blocking. A fault: the outbox
/// cannot be read.
[[nodiscard]] result<std::vector<std::string>> missing_canaries(const settings& config, const ticket& asked,
                                                                utc_time now);

/// What the daemon would say of such a ticket.
[[nodiscard]] std::string missing_canaries_words(const std::vector<std::string>& names);

} // namespace kyc::reverify
