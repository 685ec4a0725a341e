#include "commands/status.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/spool_view.hpp"
#include "commands/ticket_sight.hpp"
#include "config/settings_yaml.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "core/json_writer.hpp"
#include "text/words.hpp"
#include "told/loop_report.hpp"
#include "told/status_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <map>
#include <unistd.h>

namespace kyc {

namespace {

namespace json = boost::json;
using std::chrono::system_clock;

/// How far back the rate looks.
constexpr std::chrono::minutes rate_window{10};

/// A daemon that has just started is measured by what it did since, but not by its first moments.
constexpr std::chrono::seconds shortest_window{30};

/// Without a daemon all that wait are looked at, for so long at most.
constexpr std::chrono::seconds examining_time{3};

/// The lines of the table, in their order; "not ready" is a part of what waits.
enum class row { not_ready, waiting, claimed, sending, unknown, pending, delivering, delivered, failed };
constexpr std::array<const char*, 9> row_words{"not ready", "waiting",    "claimed",   "sending", "unknown",
                                               "pending",   "delivering", "delivered", "failed"};

struct cell {
    std::uint64_t cases = 0;
    std::optional<utc_time> oldest;

    void add(std::optional<utc_time> since) {
        ++cases;
        if (since && (!oldest || *since < *oldest)) oldest = since;
    }
};

struct report {
    std::map<std::pair<row, std::string>, cell> cells; ///< by row and canonical service
    std::vector<told_ticket> tickets;
    std::uint64_t unexamined = 0;
    std::uint64_t unknown_outcomes = 0; ///< attempts, of all times
    std::uint64_t ended = 0;            ///< within `window`
    std::chrono::seconds window{rate_window};
    system_clock::time_point now = system_clock::now();

    [[nodiscard]] std::uint64_t count(std::initializer_list<row> rows) const {
        std::uint64_t sum = 0;
        for (const auto& [key, each] : cells)
            if (std::find(rows.begin(), rows.end(), key.first) != rows.end()) sum += each.cases;
        return sum;
    }

    /// What will end by itself.
    [[nodiscard]] std::uint64_t backlog() const {
        return count({row::waiting, row::claimed, row::sending, row::unknown, row::pending, row::delivering});
    }

    [[nodiscard]] std::optional<std::chrono::seconds> forecast() const {
        if (backlog() == 0) return std::chrono::seconds(0);
        if (ended == 0) return std::nullopt;
        const double seconds =
            static_cast<double>(backlog()) * static_cast<double>(window.count()) / static_cast<double>(ended);
        return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, 3.0e9)));
    }
};

tone tone_of(row which) {
    switch (which) {
    case row::not_ready:
        return tone::notice;
    case row::delivered:
        return tone::good;
    case row::unknown:
    case row::failed:
        return tone::bad;
    default:
        return tone::plain;
    }
}

row row_of(standing state) {
    switch (state) {
    case standing::not_ready:
        return row::not_ready;
    case standing::waiting:
        return row::waiting;
    case standing::claimed:
        return row::claimed;
    case standing::sending:
        return row::sending;
    case standing::unknown:
        return row::unknown;
    case standing::pending:
        return row::pending;
    case standing::delivering:
        return row::delivering;
    case standing::delivered:
        return row::delivered;
    default:
        return row::failed;
    }
}

/// The word of the daemon's document and of --json for a row.
std::string_view word_of(row which) {
    return which == row::not_ready ? "not_ready" : row_words.at(static_cast<std::size_t>(which));
}

/// What the running daemon counts itself, so that nothing has to be read for it; false when none says.
bool take_counts(const spool_view& view, report& out) {
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
        auto which = row::claimed;
        for (const auto one : {row::not_ready, row::waiting, row::sending, row::unknown, row::pending, row::delivering})
            if (view_of(*state) == word_of(one)) which = one;
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
void split_waiting(spool_view& view, report& out) {
    const auto move = [&out](const std::string& service, std::uint64_t cases, std::optional<utc_time> oldest) {
        auto& from = out.cells[{row::waiting, service}];
        auto& to = out.cells[{row::not_ready, service}];
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

void count_ended(spool_view& view, report& out) {
    std::uint64_t ended_by_folders = 0;
    for (const bool answered : {true, false}) {
        const auto& root = answered ? view.layout().roots().outbox : view.layout().roots().failed;
        const auto read = for_each_case_folder(root, [&](const case_folder_entry& entry) {
            out.cells[{answered ? row::delivered : row::failed, view.service_of(entry.key.folder)}].add(entry.changed);
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
        const auto sending = out.count({row::sending}) + (of_open_bulk > 0 ? bulk_uploads(view) : 0);
        out.unknown_outcomes -= std::min(out.unknown_outcomes, sending); // those will be known
    } else {
        view.add_trouble(counts.error());
    }
}

report look(spool_view& view) {
    report out;
    if (const auto started = view.started())
        out.window = std::clamp(std::chrono::floor<std::chrono::seconds>(out.now - *started), shortest_window,
                                std::chrono::seconds(rate_window));
    if (!take_counts(view, out)) {
        case_query open_ones;
        open_ones.open_only = true;
        view.each_case(open_ones, [&](const seen_case& seen) {
            if (seen.key.lane == lane::bulk) return true; // its ticket tells of it
            out.cells[{row_of(seen.state), seen.service}].add(seen.since);
            return true;
        });
        split_waiting(view, out);
    }
    count_ended(view, out);
    out.tickets = tickets_of(view);
    std::erase_if(out.cells, [](const auto& each) { return each.second.cases == 0; });
    return out;
}

std::string number_words(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value);
    return text.data();
}

/// Why there is nothing to be seen where something may be; empty when the folders can be read. All but the inbox are
/// made by the first start.
std::string unseen_words(const folder_settings& roots) {
    for (const auto& root : {roots.inbox, roots.work, roots.outbox, roots.failed}) {
        if (::access(root.c_str(), R_OK | X_OK) == 0) continue;
        if (errno != ENOENT) return root.string() + " cannot be read";
        if (root == roots.inbox) return root.string() + " is not there";
    }
    return {};
}

std::string rate_words(const report& out, bool stopped, bool paused) {
    const double minutes = static_cast<double>(out.window.count()) / 60.0;
    std::string text = count_words(out.ended, "case", "cases") + " ended in the last " + age_words(out.window) + " (" +
                       number_words(static_cast<double>(out.ended) / minutes) + " a minute)";
    const auto backlog = out.backlog();
    if (backlog == 0) return text + "; nothing waits to be done";
    const auto left = out.forecast();
    text += "; " + count_words(backlog, "case is", "cases are") + " to be done: ";
    if (stopped) return text + (backlog == 1 ? "it waits until kycd is started" : "they wait until kycd is started");
    if (paused) return text + "no forecast while something is paused";
    return text + (left ? "about " + age_words(*left) + " at this rate" : "no forecast, for nothing ended lately");
}

/// In the inbox, as the running daemon says it: those of services are among what is paused.
std::uint64_t unreadable_folders(const spool_view& view) {
    const auto* told = view.live() != nullptr ? member(*view.live(), "unreadable_folders") : nullptr;
    return static_cast<std::uint64_t>(told != nullptr ? std::max<std::int64_t>(integer_of(*told).value_or(0), 0) : 0);
}

void print_daemon(const spool_view& view, const report& out, const painter& paint) {
    const auto* live = view.live();
    const bool stopped = !view.running().value_or(true);
    std::cout << paint(stopped ? tone::bad : tone::plain, view.running_words());
    if (view.started()) {
        const auto* version = string_member(*live, "version");
        if (version != nullptr) std::cout << ", version " << printable(view_of(*version));
        std::cout << ", since " << time_words(*view.started());
        if (bool_member(*live, "stopping").value_or(false)) std::cout << ", stopping: it finishes its uploads";
    }
    std::cout << "\n";
    for (const auto& each : view.pauses())
        std::cout << paint(tone::bad, "paused: ") << printable(pause_words(each, out.now)) << "\n";
    if (const auto folders = unreadable_folders(view); folders > 0)
        std::cout << paint(tone::notice, "inbox: ")
                  << count_words(folders, "folder that is no service's may not be read by kycd: the log names it",
                                 "folders that are no service's may not be read by kycd: the log names them")
                  << "\n";
    const auto* api = live != nullptr ? object_member(*live, "api") : nullptr;
    const auto* token = api != nullptr ? object_member(*api, "token") : nullptr;
    if (token != nullptr) {
        const auto* state = string_member(*token, "state");
        const auto* expires = member(*token, "expires_in_seconds");
        const auto seconds = expires != nullptr ? integer_of(*expires) : std::nullopt;
        std::cout << "token: " << (state != nullptr ? printable(view_of(*state)) : "unknown");
        if (seconds) std::cout << ", for " << age_words(std::chrono::seconds(*seconds));
        std::cout << "\n";
    }
    const auto* paced = api != nullptr ? object_member(*api, "pace") : nullptr;
    const auto* calls = paced != nullptr ? member(*paced, "calls_per_minute") : nullptr;
    if (const auto number = calls != nullptr ? integer_of(*calls) : std::nullopt)
        std::cout << "pace: about " << number_words(static_cast<double>(*number) / 60)
                  << " calls a second, for the API refused more\n";
    const auto* loop = live != nullptr ? object_member(*live, "loop") : nullptr;
    const auto number = [loop](const char* name) {
        const auto* value = loop != nullptr ? member(*loop, name) : nullptr;
        return static_cast<std::uint64_t>(value != nullptr ? integer_of(*value).value_or(0) : 0);
    };
    if (loop != nullptr)
        std::cout << "loop: "
                  << loop_words(number("turns"), number("over_1ms"), number("crowded_out"), number("longest_us"))
                  << "\n";
}

tone tone_of(const told_ticket& ticket) {
    if (ticket.state == "running" || ticket.state == "selecting") return tone::good;
    return ticket.state == "waiting" ? tone::plain : ticket.state == "ending" ? tone::notice : tone::bad;
}

void print_tickets(const report& out, const painter& paint) {
    if (out.tickets.empty()) return;
    text_table table({"ticket", "state", "selected", "unchanged", "changed", "failed", "skipped", "not done", "calls"});
    std::vector<tone> tones{tone::strong};
    for (const auto& each : out.tickets) {
        const auto& sum = each.balance;
        table.add({each.name, state_words(each), std::to_string(sum.selected), std::to_string(sum.unchanged),
                   std::to_string(sum.changed), std::to_string(sum.failed), std::to_string(sum.skipped),
                   std::to_string(sum.not_done()), std::to_string(each.calls)});
        tones.push_back(tone_of(each));
    }
    std::cout << "\n";
    table.print(std::cout, {2, 3, 4, 5, 6, 7, 8}, [&](std::size_t line, std::size_t column, std::string text) {
        return line == 0 || column == 1 ? paint(tones.at(line), std::move(text)) : text;
    });
    for (const auto& each : out.tickets)
        std::cout << "ticket " << printable(each.name) << ": " << ticket_words(each, out.now) << "\n";
}

bool all_is_seen(const spool_view& view) {
    const auto pauses = view.pauses();
    const bool faulty =
        std::any_of(pauses.begin(), pauses.end(), [](const pause& each) { return each.what == pause::kind::fault; });
    return !faulty && view.troubles().empty() && unreadable_folders(view) == 0;
}

void print_text(const spool_view& view, const report& out, const painter& paint) {
    print_daemon(view, out, paint);
    std::cout << "\n";
    text_table table({"state", "service", "cases", "oldest"});
    for (const auto& [key, each] : out.cells)
        table.add({row_words.at(static_cast<std::size_t>(key.first)), key.second, std::to_string(each.cases),
                   each.oldest ? age_words(out.now - *each.oldest) : "-"});
    const auto unseen = unseen_words(view.layout().roots());
    if (out.cells.empty()) {
        std::cout << (!unseen.empty()     ? "what is in the spool cannot be told: " + unseen
                      : all_is_seen(view) ? "the spool is empty"
                                          : "no case is seen; not everything could be read")
                  << "\n";
    } else {
        std::vector<tone> tones{tone::strong};
        for (const auto& [key, each] : out.cells)
            tones.push_back(tone_of(key.first));
        table.print(std::cout, {2, 3}, [&](std::size_t line, std::size_t column, std::string text) {
            return line == 0 || column == 0 ? paint(tones.at(line), std::move(text)) : text;
        });
    }
    if (unseen.empty() || out.backlog() > 0)
        std::cout << "\n" << rate_words(out, !view.running().value_or(true), !view.pauses().empty()) << "\n";
    if (const auto words = view.live() != nullptr ? not_permitted_words(*view.live()) : std::string(); !words.empty())
        std::cout << words << "\n";
    if (out.unexamined > 0)
        std::cout << out.unexamined << " of the waiting cases were not looked at: some may not be ready\n";
    if (out.unknown_outcomes > 0)
        std::cout << count_words(out.unknown_outcomes, "submit", "submits")
                  << " in the ledger had an unknown outcome and may have been paid for nothing: see 'kycd show'\n";
    if (view.ledger() == nullptr && view.running().value_or(false)) std::cout << printable(view.ledger_words()) << "\n";
    print_tickets(out, paint);
}

void write_pauses(json_writer& out, const std::vector<pause>& pauses) {
    out.begin_array();
    for (const auto& each : pauses) {
        out.begin_object();
        out.key("what");
        out.text(to_string(each.what));
        out.key("service");
        out.known_text(each.service);
        out.key("why");
        out.text(each.why);
        out.key("since");
        out.known_text(each.since ? to_iso8601(*each.since) : std::string());
        out.key("next_try_in_seconds");
        if (each.next_try) {
            out.integer(std::int64_t{each.next_try->count()});
        } else {
            out.null();
        }
        out.end_object();
    }
    out.end_array();
}

void print_json(const spool_view& view, const report& report) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.spool/1");
    out.key("at");
    out.text(to_iso8601(report.now));
    out.key("running");
    out.boolean_or_null(view.running());
    out.key("paused");
    write_pauses(out, view.pauses());
    out.key("cases");
    out.begin_array();
    for (const auto& [key, each] : report.cells) {
        out.begin_object();
        out.key("state");
        out.text(word_of(key.first));
        out.key("service");
        out.text(key.second);
        out.key("cases");
        out.integer(each.cases);
        out.key("oldest_since");
        out.known_text(each.oldest ? to_iso8601(*each.oldest) : std::string());
        out.end_object();
    }
    out.end_array();
    out.key("tickets");
    write_tickets(out, report.tickets);
    out.key("unexamined");
    out.integer(report.unexamined);
    out.key("unknown_outcomes");
    out.integer(report.unknown_outcomes);
    out.key("rate");
    out.begin_object();
    out.key("ended");
    out.integer(report.ended);
    out.key("in_seconds");
    out.integer(std::int64_t{report.window.count()});
    out.end_object();
    out.key("backlog");
    out.integer(report.backlog());
    out.key("forecast_seconds");
    if (const auto left = report.forecast()) {
        out.integer(std::int64_t{left->count()});
    } else {
        out.null();
    }
    out.key("daemon");
    if (view.live() != nullptr) {
        out.value(*view.live());
    } else {
        out.null();
    }
    out.key("troubles");
    out.begin_array();
    for (const auto& each : view.troubles())
        out.text(each);
    out.end_array();
    out.end_object();
    std::cout << std::move(out).finish();
}

} // namespace

exit_code status_command(const status_options& options) {
    const auto config = load_settings(options.config);
    if (!config) return complain(config.error());
    spool_view view(*config);
    const auto out = look(view);
    if (options.json) {
        print_json(view, out);
    } else {
        print_text(view, out, painter(options.color));
    }
    return complain_of_troubles(view);
}

} // namespace kyc
