#include "told/ticket_reasons.hpp"

namespace kyc::reverify {

namespace {

constexpr std::string_view budget_begins = "its budget of ";

} // namespace

std::string_view to_string(ticket_pause value) {
    switch (value) {
    case ticket_pause::person:
        return "person";
    case ticket_pause::canaries:
        return "canaries";
    case ticket_pause::ledger:
        return "ledger";
    }
    return "person";
}

std::string_view to_string(ticket_outcome value) {
    switch (value) {
    case ticket_outcome::done:
        return "done";
    case ticket_outcome::cancelled:
        return "cancelled";
    case ticket_outcome::stop_if:
        return "stop_if";
    case ticket_outcome::budget:
        return "budget";
    case ticket_outcome::window:
        return "window";
    case ticket_outcome::unreadable:
        return "unreadable";
    }
    return "done";
}

std::string ended_by_budget(std::uint64_t calls) {
    return std::string(budget_begins) + std::to_string(calls) + " calls is spent";
}

ticket_pause pause_of(std::string_view why) {
    if (why == paused_by_name) return ticket_pause::person;
    if (why == paused_for_ledger) return ticket_pause::ledger;
    return ticket_pause::canaries;
}

ticket_outcome outcome_of(std::string_view why) {
    if (why.empty()) return ticket_outcome::done;
    if (why == ended_by_name || why == ended_without_file) return ticket_outcome::cancelled;
    if (why == ended_with_window) return ticket_outcome::window;
    if (why.starts_with(budget_begins)) return ticket_outcome::budget;
    if (why.starts_with(ended_unreadable)) return ticket_outcome::unreadable;
    return ticket_outcome::stop_if;
}

std::string end_reason_without_names(std::string_view why) {
    return std::string(outcome_of(why) == ticket_outcome::unreadable ? ended_unreadable : why);
}

} // namespace kyc::reverify
