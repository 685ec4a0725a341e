#include "commands/status.hpp"

#include "commands/colours.hpp"
#include "commands/complain.hpp"
#include "commands/spool_count.hpp"
#include "commands/spool_view.hpp"
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
#include <unistd.h>

namespace kyc {

namespace {

namespace json = boost::json;

/// For people.
std::string words_of(standing which) {
    return which == standing::not_ready ? "not ready" : std::string(to_string(which));
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

std::string rate_words(const spool_count& out, bool stopped, bool paused) {
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

void print_daemon(const spool_view& view, const spool_count& out, const painter& paint) {
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

void print_tickets(const spool_count& out, const painter& paint) {
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

void print_text(const spool_view& view, const spool_count& out, const painter& paint) {
    print_daemon(view, out, paint);
    std::cout << "\n";
    text_table table({"state", "service", "cases", "oldest"});
    for (const auto& [key, each] : out.cells)
        table.add({words_of(key.first), key.second, std::to_string(each.cases),
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

void print_json(const spool_view& view, const spool_count& counted) {
    json_writer out;
    out.begin_object();
    out.key("schema");
    out.text("kycd.spool/1");
    out.key("at");
    out.text(to_iso8601(counted.now));
    out.key("running");
    out.boolean_or_null(view.running());
    out.key("paused");
    write_pauses(out, view.pauses());
    out.key("cases");
    out.begin_array();
    for (const auto& [key, each] : counted.cells) {
        out.begin_object();
        out.key("state");
        out.text(to_string(key.first));
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
    write_tickets(out, counted.tickets);
    out.key("unexamined");
    out.integer(counted.unexamined);
    out.key("unknown_outcomes");
    out.integer(counted.unknown_outcomes);
    out.key("rate");
    out.begin_object();
    out.key("ended");
    out.integer(counted.ended);
    out.key("in_seconds");
    out.integer(std::int64_t{counted.window.count()});
    out.end_object();
    out.key("backlog");
    out.integer(counted.backlog());
    out.key("forecast_seconds");
    if (const auto left = counted.forecast()) {
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
    const auto out = count_spool(view);
    if (options.json) {
        print_json(view, out);
    } else {
        print_text(view, out, painter(options.color));
    }
    return complain_of_troubles(view);
}

} // namespace kyc
