#include "reverify/view_ticket.hpp"

#include "life/case_world.hpp"
#include "reverify/running_ticket.hpp"
#include "told/pauses.hpp"

#include <algorithm>

namespace kyc::reverify {

namespace {

/// In whole seconds: a moment that is reckoned anew each time differs by less from one look to the next.
std::optional<utc_time> moment_after(utc_time now, std::optional<std::chrono::milliseconds> wait) {
    if (!wait) return std::nullopt;
    return std::chrono::round<std::chrono::seconds>(now + *wait);
}

/// One of the paused services, where nothing of the ticket can be begun that belongs to another, as far as is known.
const std::pair<const std::string, std::optional<utc_time>>* paused_service(const running_ticket& ticket,
                                                                            const ticket_obstacles& in_the_way) {
    const auto& paused = in_the_way.services;
    if (paused.empty() || !ticket.all_in_hand_wait()) return nullptr;
    const auto is_paused = [&paused](const std::string& service) { return paused.contains(service); };
    const bool for_canaries = ticket.canaries_left != 0; // nothing goes before them
    const std::string* next = nullptr;
    for (const auto& [folder, line] : ticket.queue.lines()) {
        if (line.empty() || (for_canaries && !line.has_canary())) continue;
        if (!is_paused(line.service)) return nullptr;
        next = &line.service;
    }
    if (next != nullptr) return &*paused.find(*next);
    if (ticket.all_read || for_canaries) { // the last ones are in hand
        const auto of_paused = [&is_paused](const auto& each) { return is_paused(each.first); };
        const auto found = std::find_if(ticket.held_back.begin(), ticket.held_back.end(), of_paused);
        return found != ticket.held_back.end() ? &*paused.find(found->first) : nullptr;
    }
    const auto& asked = ticket.asked.which.services;
    if (asked.empty() || !std::all_of(asked.begin(), asked.end(), is_paused)) return nullptr;
    return &*paused.find(asked.front());
}

std::string pause_reason(const running_ticket& ticket) {
    const auto& why = ticket.about.why;
    if (pause_of(why) == ticket_pause::person) return why;
    return "kycd paused it: " + (why == ticket.canary_says ? ticket.canary_outcome : why);
}

void tell_of_open_window(ticket_view& told, const running_ticket& ticket, const ticket_obstacles& in_the_way,
                         utc_time now) {
    told.stand = ticket_stand::running;
    told.done_after = ticket.pace.left(ticket.balance.not_done(), ticket_pace::clock::now());
    if (!ticket.window.is_always())
        told.next_event = ticket_event{ticket_event::kind::window_closes, ticket.window.closes(now)};
    std::optional<utc_time> next_try;
    if (!ticket.file_lets_run) {
        told.why = ticket.looks_without_file != 0 ? "its file is not in the inbox any more"
                                                  : "kycd has not looked yet what its file asks for";
    } else if (!in_the_way.of_all.empty()) {
        told.why = in_the_way.of_all;
        next_try = in_the_way.next_try;
    } else if (const auto* service = paused_service(ticket, in_the_way)) {
        told.why = service->first + " takes no cases for now";
        next_try = service->second;
    } else if (ticket.in_hand != 0 && ticket.all_in_hand_wait()) {
        told.why = "its cases in hand were not taken, and wait for their next try";
    } else if (in_the_way.dropped_first && ticket.in_hand == 0) {
        told.why = "dropped cases go first, and some are waiting";
    }
    if (told.why.empty()) return;
    told.stand = ticket_stand::held_up;
    told.done_after.reset();
    if (next_try) told.next_event = ticket_event{ticket_event::kind::next_try, *next_try};
}

} // namespace

ticket_obstacles obstacles_of(const case_world& world, utc_time now) {
    ticket_obstacles found;
    const auto health = world.api.health();
    if (world.stopping) {
        found.of_all = "kycd is stopping";
    } else if (world.faults.holds_up_all()) {
        found.of_all = "a fault of the system holds everything up";
    } else if (health.credentials_refused) {
        found.of_all = "the API refuses the credentials";
        found.next_try = moment_after(now, health.next_try);
    } else if (health.host_down) {
        found.of_all = "the API is down";
        found.next_try = moment_after(now, health.next_try);
    } else if (health.no_token) {
        found.of_all = "the API gives no token";
        found.next_try = moment_after(now, health.next_try);
    } else if (health.pace.resting_for >= shortest_rest_told) {
        found.of_all = "the API asked for a rest";
        found.next_try = moment_after(now, health.pace.resting_for);
    }
    for (const auto* paused : {&health.paused, &health.paused_for_bulk})
        for (const auto& each : *paused)
            found.services.emplace(each.service, moment_after(now, each.next_try));
    return found;
}

ticket_view view_of(const running_ticket& ticket, const ticket_obstacles& in_the_way, utc_time now) {
    ticket_view told;
    told.name = ticket.about.name;
    told.balance = ticket.balance;
    told.in_hand = ticket.in_hand;
    told.calls = ticket.calls;
    told.accepted_at = ticket.about.accepted_at;
    if (!ticket.ending.empty() || ticket.about.state == ledger::ticket_state::reporting) {
        told.stand = ticket_stand::ending;
        told.why = ticket.ending.empty() ? "all is done" : end_reason_without_names(ticket.ending);
        if (!ticket.patience.why().empty())
            told.next_event = ticket_event{ticket_event::kind::next_try,
                                           std::chrono::round<std::chrono::seconds>(ticket.patience.next_try())};
    } else if (ticket.about.state != ledger::ticket_state::running) {
        told.stand = ticket_stand::paused;
        told.paused_by = pause_of(ticket.about.why);
        told.why = pause_reason(ticket);
    } else if (!ticket.window.is_open(now)) {
        told.stand = ticket_stand::waiting;
        told.why = "outside its window, " + ticket.window.describe();
        told.next_event = ticket_event{ticket_event::kind::window_opens, ticket.window.opens(now)};
    } else {
        tell_of_open_window(told, ticket, in_the_way, now);
    }
    // What is wrong with an earlier report keeps nobody from running.
    const bool open = told.stand == ticket_stand::running || told.stand == ticket_stand::held_up;
    if (!open && !ticket.patience.why().empty()) told.why += "; " + ticket.patience.why();
    if (told.stand != ticket_stand::paused && told.stand != ticket_stand::waiting)
        told.still_for = ticket.pace.still_for(ticket_pace::clock::now());
    return told;
}

} // namespace kyc::reverify
