#include "commands/colours.hpp"

#include <cstdlib>
#include <unistd.h>

namespace kyc {

namespace {

bool terminal_wants_colours() {
    const char* no_color = std::getenv("NO_COLOR");
    const char* terminal = std::getenv("TERM");
    if (no_color != nullptr && *no_color != 0) return false;
    return ::isatty(STDOUT_FILENO) != 0 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

/// ECMA-48 SGR; the eight colours that every terminal lets its owner choose.
std::string_view sequence_of(tone which) {
    switch (which) {
    case tone::good:
        return "\x1b[32m";
    case tone::bad:
        return "\x1b[31m";
    case tone::notice:
        return "\x1b[33m";
    case tone::strong:
        return "\x1b[1m";
    case tone::plain:
        break;
    }
    return {};
}

} // namespace

painter::painter(std::string_view when) : on_(when == "always" || (when != "never" && terminal_wants_colours())) {}

std::string painter::operator()(tone which, std::string text) const {
    const auto sequence = sequence_of(which);
    if (!on_ || sequence.empty() || text.empty()) return text;
    return std::string(sequence) + text + "\x1b[0m";
}

tone tone_of(standing value) {
    switch (value) {
    case standing::delivered:
        return tone::good;
    case standing::not_ready:
        return tone::notice;
    case standing::failed:
    case standing::unknown:
    case standing::gone:
        return tone::bad;
    default:
        return tone::plain;
    }
}

} // namespace kyc
