#include "commands/spool_count.hpp"

#include "commands/ticket_sight.hpp"
#include "core/json_fields.hpp"

#include <algorithm>

namespace kyc {

using std::chrono::system_clock;

namespace {

/// How far back the rate looks.
constexpr std::chrono::minutes rate_window{10};

/// A daemon that has just started is measured by what it did since, but not by its first moments.
constexpr std::chrono::seconds shortest_window{30};

/// Without a daemon all that wait are looked at, for so long at most.
constexpr std::chrono::seconds examining_time{3};

/// What the running daemon counts itself, so that nothing has to be read for it; false when none says.
bool take_counts(const spool_view& view, spool_count& out) {
    const auto* states = view.live() != nullptr ? member(*view.live(), "states") : nullptr;
    if (states == nullptr || !states->is_array()) return false;
    for (const auto& each : states->get_array()) {
        const auto* about = each.if_object();
        const auto* state = about != nullptr ? string_member(*about, "state") : nullptr;
        const auto* service = about != nullptr ? string_member(*about, "service") : nullptr;
        const auto number = [about](const char* name) {
            const auto* value = member(*about, name);
            return value != nullptr ? integer_of(*value) : std::nullopt;
        };
        if (state == nullptr || service == nullptr || number("cases").value_or(0) <= 0) continue;
        auto which = standing::claimed;
        for (const auto one : {standing::not_ready, standing::waiting, standing::sending, standing::unknown,
                               standing::pending, standing::delivering})
            if (view_of(*state) == to_string(one)) which = one;
        auto& cell = out.cells[{which, std::string(view_of(*service))}];
        cell.cases += static_cast<std::uint64_t>(*number("cases"));
        if (const auto age = number("oldest_seconds")) {
            const utc_time since = out.now - std::chrono::seconds(*age);
            if (!cell.oldest || since < *cell.oldest) cell.oldest = since;
        }
    }
    return true;
}

/// Tells what is not ready from what is.
void split_waiting(spool_view& view, spool_count& out) {
    const auto move = [&out](const std::string& service, std::uint64_t cases, std::optional<utc_time> oldest) {
        auto& from = out.cells[{standing::waiting, service}];
        auto& to = out.cells[{standing::not_ready, service}];
        cases = std::min(cases, from.cases);
        from.cases -= cases;
        to.cases += cases;
        if (oldest && (!to.oldest || *oldest < *to.oldest)) to.oldest = oldest;
    };
    const auto inbox = fs::make_inbox(view.layout(), view.config().intake, view.config().services);
    const auto listed = inbox->list();
    if (!listed) return; // said already
    const auto ends = std::chrono::steady_clock::now() + examining_time;
    inbox_times times(view.config());
    for (const auto& entry : listed->entries) {
        if (std::chrono::steady_clock::now() >= ends) {
            ++out.unexamined;
            continue;
        }
        if (view.is_not_ready(*inbox, entry)) move(view.service_of(entry.folder), 1, times.of(entry));
    }
}

/// Re-verifications whose upload is under way.
std::uint64_t bulk_uploads(spool_view& view) {
    ledger::case_filter open_ones;
    open_ones.state = ledger::case_state::open;
    std::uint64_t uploads = 0;
    const auto read = view.ledger()->list(open_ones, [&](const ledger::case_history& row) {
        if (row.about.key.lane == lane::bulk && view.open_case(row).state == standing::sending) ++uploads;
        return true;
    });
    if (!read) view.add_trouble(read.error());
    return uploads;
}

void count_ended(spool_view& view, spool_count& out) {
    std::uint64_t ended_by_folders = 0;
    for (const bool answered : {true, false}) {
        const auto& root = answered ? view.layout().roots().outbox : view.layout().roots().failed;
        const auto read = for_each_case_folder(root, [&](const case_folder_entry& entry) {
            out.cells[{answered ? standing::delivered : standing::failed, view.service_of(entry.key.folder)}].add(
                entry.changed);
            if (entry.changed >= out.now - out.window) ++ended_by_folders;
            return true;
        });
        if (!read) view.add_trouble(read.error().message());
    }
    out.ended = ended_by_folders;
    if (view.ledger() == nullptr) return;
    if (const auto ended = view.ledger()->ended_since(out.now - out.window); ended) out.ended = *ended;
    if (const auto counts = view.ledger()->count(); counts) {
        std::uint64_t of_open_bulk = 0;
        for (const auto& each : *counts) {
            out.unknown_outcomes += each.unknown_outcomes;
            if (each.lane == lane::bulk && each.state == ledger::case_state::open)
                of_open_bulk += each.unknown_outcomes;
        }
        const auto sending = out.count({standing::sending}) + (of_open_bulk > 0 ? bulk_uploads(view) : 0);
        out.unknown_outcomes -= std::min(out.unknown_outcomes, sending); // those will be known
    } else {
        view.add_trouble(counts.error());
    }
}

} // namespace

void case_count::add(std::optional<utc_time> since) {
    ++cases;
    if (since && (!oldest || *since < *oldest)) oldest = since;
}

std::uint64_t spool_count::count(std::initializer_list<standing> states) const {
    std::uint64_t sum = 0;
    for (const auto& [key, each] : cells)
        if (std::find(states.begin(), states.end(), key.first) != states.end()) sum += each.cases;
    return sum;
}

std::uint64_t spool_count::backlog() const {
    return count({standing::waiting, standing::claimed, standing::sending, standing::unknown, standing::pending,
                  standing::delivering});
}

std::optional<std::chrono::seconds> spool_count::forecast() const {
    if (backlog() == 0) return std::chrono::seconds(0);
    if (ended == 0) return std::nullopt;
    const double seconds =
        static_cast<double>(backlog()) * static_cast<double>(window.count()) / static_cast<double>(ended);
    return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, 3.0e9)));
}

spool_count count_spool(spool_view& view) {
    spool_count out;
    out.window = rate_window;
    out.now = system_clock::now();
    if (const auto started = view.started())
        out.window = std::clamp(std::chrono::floor<std::chrono::seconds>(out.now - *started), shortest_window,
                                std::chrono::seconds(rate_window));
    if (!take_counts(view, out)) {
        case_query open_ones;
        open_ones.open_only = true;
        view.each_case(open_ones, [&](const seen_case& seen) {
            if (seen.key.lane == lane::bulk) return true; // its ticket tells of it
            out.cells[{seen.state, seen.service}].add(seen.since);
            return true;
        });
        split_waiting(view, out);
    }
    count_ended(view, out);
    out.tickets = tickets_of(view);
    std::erase_if(out.cells, [](const auto& each) { return each.second.cases == 0; });
    return out;
}

} // namespace kyc
