#include "ledger/tickets.hpp"

#include <array>
#include <utility>

namespace kyc::ledger {

namespace {

constexpr std::array<std::pair<ticket_state, std::string_view>, 6> states{{{ticket_state::selecting, "selecting"},
                                                                           {ticket_state::running, "running"},
                                                                           {ticket_state::pausing, "pausing"},
                                                                           {ticket_state::paused, "paused"},
                                                                           {ticket_state::reporting, "reporting"},
                                                                           {ticket_state::ended, "ended"}}};

} // namespace

std::string_view to_string(ticket_state value) {
    for (const auto& [state, word] : states)
        if (state == value) return word;
    return states.front().second;
}

ticket_state ticket_state_from(std::string_view word) {
    for (const auto& [state, known] : states)
        if (known == word) return state;
    return ticket_state::selecting;
}

} // namespace kyc::ledger
