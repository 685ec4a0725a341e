#include "reverify/take_in_ticket.hpp"

#include "core/case_name.hpp"
#include "core/fault_point.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"
#include "fs/safe_open.hpp"
#include "life/keep_trying.hpp"
#include "log/log.hpp"
#include "reverify/select_cases.hpp"
#include "reverify/ticket_plan.hpp"
#include "reverify/ticket_yaml.hpp"
#include "text/words.hpp"

#include <boost/system/result.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kyc::reverify {

namespace {

/// Rows that are written by one piece of work: live cases wait for the ledger meanwhile.
constexpr std::size_t rows_at_a_time = 500;

bool is_cut_short(const way_in_end& unless) {
    return unless.stopping || unless.cancelled;
}

ledger::ticket_case row_of(const chosen_case& chosen, std::uint64_t number) {
    ledger::ticket_case row;
    row.number = number;
    row.folder = chosen.which.folder;
    row.place = chosen.which.place;
    row.case_name = chosen.which.case_name;
    row.service = chosen.which.service;
    row.canary = chosen.canary;
    row.verdict_before = to_string(chosen.which.verdict);
    row.answered_before = chosen.which.answered_at;
    return row;
}

/// The text, or why it is no ticket.
using read_text = boost::system::result<std::string, failure>;

/// None: it has gone.
result<std::optional<read_text>> read(const fs::spool_layout& layout, const fs::ticket_file& file) {
    auto text = fs::read_ticket(layout, file);
    if (text) return std::optional<read_text>(std::move(*text));
    const trouble why = text.error();
    if (const auto* end = std::get_if<failure>(&why)) return std::optional<read_text>(*end);
    const auto& met = std::get<fault>(why);
    if (fs::is_absent(met)) return std::optional<read_text>();
    return met;
}

/// Where that cannot be done the file stays, and is met again at the next look.
async::awaitable<void> reject(case_world& world, const fs::ticket_file& file, failure why) {
    case_facts about;
    about.name = file.name;
    about.service = fs::ticket_folder;
    about.lane = lane::bulk;
    const auto text = error_json(about, why, 0, std::chrono::system_clock::now());
    auto move = [&]() { return fs::reject_ticket(world.layout, file, text, world.access); };
    const auto where = co_await world.pool.run(move);
    const std::string what = "a re-verification ticket cannot be run: " + why.message;
    if (where) {
        world.day.metrics.ticket_refused();
        log::warning(what, {{"ticket", file.name}, {"folder", where->string()}});
    } else {
        world.troubles.met(what, what + "; and it cannot be moved to failed/: " + where.error().message(),
                           {{"ticket", file.name}});
    }
}

failure bad_ticket(std::string why) {
    return failure(stage::intake, failure_code::bad_ticket, std::move(why));
}

/// A report.json that is not as kycd writes it says nothing.
bool tells_of_an_end(const std::string& report) {
    std::string error;
    const auto parsed = parse_json(report, error, {fs::largest_ticket_report, max_reply_depth});
    const auto* said = parsed.if_object();
    const auto* state = said == nullptr ? nullptr : string_member(*said, "state");
    return state != nullptr && kyc::view_of(*state) == "ended";
}

/// Why a ticket of this name is refused: one that has ended had it. What was dropped again, by hand or by a job that
/// does so every night, would be paid for again, and its report would be the other one's. Empty: the name is free.
/// Without the ledger's word (it was lost, say) a report in outbox/ that is about an end counts.
async::awaitable<std::string> name_objection(case_world& world, const std::string& name) {
    auto look = [&world, &name]() { return world.ledger.tickets().ended_ticket(name); };
    const auto earlier = co_await keep_trying(world, look);
    if (earlier)
        co_return "there was a ticket of this name, taken in at " + to_iso8601(earlier->accepted_at) +
            ", which has ended" + (earlier->place.empty() ? "" : "; its report is in " + earlier->place);
    auto read = [&world, &name] { return tells_of_an_end(fs::read_ticket_report(world.layout, name)); };
    const bool has_ended = co_await world.pool.run(read);
    if (has_ended)
        co_return "outbox/" + std::string(fs::ticket_folder) + "/" + name +
            " has the report of a ticket of this name, which has ended";
    co_return std::string();
}

async::awaitable<void> add_rows(case_world& world, std::int64_t ticket, const std::vector<chosen_case>& chosen,
                                const way_in_end& unless) {
    for (std::size_t from = 0; from < chosen.size(); from += rows_at_a_time) {
        if (is_cut_short(unless)) co_return;
        std::vector<ledger::ticket_case> some;
        const auto to = std::min(chosen.size(), from + rows_at_a_time);
        for (auto i = from; i < to; ++i)
            some.push_back(row_of(chosen[i], i + 1));
        auto add = [&]() { return world.ledger.tickets().add_ticket_cases(ticket, some); };
        co_await keep_trying(world, add);
    }
}

/// The row and those of its cases: nothing was sent.
async::awaitable<void> forget(case_world& world, std::int64_t ticket) {
    auto step = [&world, ticket]() { return world.ledger.tickets().delete_ticket(ticket); };
    co_await keep_trying(world, step);
}

void tell_selected(const std::string& ticket, const selected_cases& chosen) {
    const auto& left = chosen.left;
    auto words = "took in a re-verification ticket: " + count_words(chosen.cases.size(), "case", "cases") +
                 " selected, " + std::to_string(chosen.looked_at) + " looked at";
    if (left.not_delivered != 0)
        words += ", " + count_words(left.not_delivered, "name", "names") + " of no delivered case";
    if (left.unreadable != 0)
        words += ", " + count_words(left.unreadable, "folder", "folders") + " in the outbox could not be read";
    const auto say = left.unreadable + left.not_delivered == 0 ? log::info : log::warning;
    say(words, {{"ticket", ticket}});
}

std::string orders_of(ticket asked) {
    asked.which = {};
    return ticket_text(asked);
}

} // namespace

parsed_ticket parse_dropped(const fs::spool_layout& layout, const service_table& services, const std::string& name,
                            const std::string& file, const std::string& text) {
    const auto beside = [&layout](const std::string& other) { return fs::read_beside_ticket(layout, other); };
    auto made = parse_ticket(name, file, text, services, beside);
    parsed_ticket parsed;
    if (made) {
        parsed.asked = std::move(*made);
    } else {
        for (const auto& each : made.error())
            parsed.why += (parsed.why.empty() ? "" : "\n") + to_string(each);
    }
    return parsed;
}

async::awaitable<std::optional<accepted_ticket>> take_in_ticket(case_world& world, fs::ticket_file file,
                                                                const way_in_end& unless) {
    if (const auto objection = case_name_objection(file.name)) {
        co_await reject(world, file, bad_ticket("the ticket's name: " + *objection));
        co_return std::nullopt;
    }
    const auto used = co_await name_objection(world, file.name);
    if (!used.empty()) {
        auto why = bad_ticket(used + "; a ticket that has ended is not run again");
        why.advice = "Give the ticket another name and drop it into inbox/reverify/ again.";
        co_await reject(world, file, std::move(why));
        co_return std::nullopt;
    }
    auto look = [&]() { return read(world.layout, file); };
    auto found = co_await keep_trying_on_pool(world, look);
    if (!found) co_return std::nullopt;
    auto& text = *found;
    if (!text) {
        co_await reject(world, file, text.error());
        co_return std::nullopt;
    }
    const auto config = world.config; // a reload replaces it while the pool reads it
    auto parse = [&]() -> result<parsed_ticket> {
        return parse_dropped(world.layout, config->services, file.name, file.file, *text);
    };
    auto parsed = co_await keep_trying_on_pool(world, parse);
    if (!parsed.asked) {
        co_await reject(world, file, bad_ticket(parsed.why));
        co_return std::nullopt;
    }

    accepted_ticket accepted;
    accepted.asked = std::move(*parsed.asked);
    accepted.about.name = file.name;
    accepted.about.text = std::move(*text);
    accepted.about.orders = orders_of(accepted.asked);
    accepted.about.accepted_at = std::chrono::system_clock::now();
    auto begin = [&]() { return world.ledger.tickets().put_ticket(accepted.about); };
    accepted.about.id = co_await keep_trying(world, begin);
    fault_point("ticket.selecting", file.name);

    auto choose = [&]() -> result<std::optional<selected_cases>> {
        const auto go_on = [&unless] { return !is_cut_short(unless); };
        auto selected = select_cases(world.layout, config->services, accepted.asked, accepted.about.accepted_at, go_on);
        if (selected) return std::optional(std::move(*selected));
        if (is_cut_short(unless)) return std::optional<selected_cases>();
        return selected.error();
    };
    const auto selected = co_await keep_trying_on_pool(world, choose);
    if (!selected) {
        if (unless.cancelled) co_await forget(world, accepted.about.id);
        co_return std::nullopt;
    }
    const auto& chosen = *selected;
    if (!chosen.missing_canaries.empty()) {
        co_await forget(world, accepted.about.id);
        co_await reject(world, file, bad_ticket(missing_canaries_words(chosen.missing_canaries)));
        co_return std::nullopt;
    }
    co_await add_rows(world, accepted.about.id, chosen.cases, unless);
    if (is_cut_short(unless)) { // after a stop the next start forgets it
        if (unless.cancelled) co_await forget(world, accepted.about.id);
        co_return std::nullopt;
    }
    accepted.about.orders += left_out_comment(chosen.left);
    accepted.about.state = ledger::ticket_state::running;
    accepted.selected = chosen.cases.size();
    co_await keep_trying(world, begin);
    fault_point("ticket.accepted", file.name);
    tell_selected(file.name, chosen);
    co_return accepted;
}

} // namespace kyc::reverify
