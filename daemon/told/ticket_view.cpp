#include "told/ticket_view.hpp"

namespace kyc::reverify {

std::string_view to_string(ticket_stand value) {
    switch (value) {
    case ticket_stand::selecting:
        return "selecting";
    case ticket_stand::running:
        return "running";
    case ticket_stand::waiting:
        return "waiting";
    case ticket_stand::held_up:
        return "held_up";
    case ticket_stand::paused:
        return "paused";
    case ticket_stand::ending:
        return "ending";
    }
    return "selecting";
}

std::string_view to_string(ticket_event::kind value) {
    switch (value) {
    case ticket_event::kind::window_opens:
        return "window_opens";
    case ticket_event::kind::window_closes:
        return "window_closes";
    case ticket_event::kind::next_try:
        return "next_try";
    }
    return "next_try";
}

} // namespace kyc::reverify
