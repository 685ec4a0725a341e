#include "reverify/night.hpp"

#include <algorithm>
#include <map>

namespace kyc::reverify {

namespace {

using std::chrono::seconds;

/// The number of the piece since the epoch.
std::int64_t piece_of(utc_time when, seconds step) {
    return std::chrono::floor<seconds>(when.time_since_epoch()) / step;
}

utc_time begin_of(std::int64_t piece, seconds step) {
    return utc_time(piece * step);
}

/// Whether the window was shut at some time from one piece to a later one, long enough to leave the pieces out.
bool is_pause(const time_window& window, std::int64_t from, std::int64_t to, seconds step) {
    if (to - from < 3) return false;
    const auto begin = begin_of(from + 1, step);
    return !window.is_open(begin) || window.closes(begin) < begin_of(to, step);
}

void count(night_piece& in, const ledger::ticket_case& each) {
    ++in.cases.selected;
    in.cases.add(each.end);
    if (each.submitted_at && each.answered_at) in.answered.add(*each.answered_at - *each.submitted_at);
}

/// The pieces between which cases ended, filled up where the window was open; nothing when they are too many.
std::vector<night_piece> pieces_of(const std::vector<std::int64_t>& used, const time_window& window, seconds step,
                                   std::size_t most) {
    std::vector<night_piece> pieces;
    for (std::size_t i = 0; i < used.size(); ++i) {
        const bool paused = i > 0 && is_pause(window, used[i - 1], used[i], step);
        const auto first = i == 0 || paused ? used[i] : used[i - 1] + 1;
        if (static_cast<std::uint64_t>(used[i] - first) >= most) return {};
        for (auto piece = first; piece <= used[i]; ++piece) {
            pieces.emplace_back().from = begin_of(piece, step);
            pieces.back().after_pause = paused && piece == first;
        }
        if (pieces.size() > most) return {};
    }
    return pieces;
}

} // namespace

night cut_night(const std::vector<ledger::ticket_case>& cases, const time_window& window, std::size_t most) {
    std::map<utc_time, std::vector<const ledger::ticket_case*>> by_end;
    for (const auto& each : cases)
        if (each.end != ticket_case_end::waiting && each.ended_at)
            by_end[std::chrono::floor<seconds>(*each.ended_at)].push_back(&each);
    night made;
    if (by_end.empty()) return made;
    for (const auto step : round_steps) {
        std::vector<std::int64_t> used;
        for (const auto& [when, ended] : by_end)
            if (const auto piece = piece_of(when, step); used.empty() || used.back() != piece) used.push_back(piece);
        made.pieces = pieces_of(used, window, step, most);
        made.step = step;
        if (!made.pieces.empty()) break;
    }
    auto piece = made.pieces.begin();
    for (const auto& [when, ended] : by_end) {
        while (piece != made.pieces.end() && piece->from + made.step <= when)
            ++piece;
        if (piece == made.pieces.end()) break;
        for (const auto* const each : ended)
            count(*piece, *each);
    }
    return made;
}

std::chrono::milliseconds open_between(const time_window& window, utc_time from, utc_time to) {
    utc_time::duration open{0};
    for (auto at = window.opens(from); at < to;) {
        const auto until = std::min(window.closes(at), to);
        if (until <= at) break;
        open += until - at;
        if (until == to) break;
        at = window.opens(until);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(open);
}

clock_words on_the_clock(const time_window& window, utc_time when) {
    const auto text = window.on_its_clock(when);
    const auto colon = text.find(':');
    if (colon == std::string::npos) return {text, "", ""};
    const auto before = text.rfind(' ', colon);
    const auto after = text.find(' ', colon);
    clock_words parts;
    parts.date = before == std::string::npos ? std::string() : text.substr(0, before);
    parts.time =
        text.substr(before == std::string::npos ? 0 : before + 1, (after == std::string::npos ? text.size() : after) -
                                                                      (before == std::string::npos ? 0 : before + 1));
    parts.zone = after == std::string::npos ? std::string() : text.substr(after + 1);
    return parts;
}

} // namespace kyc::reverify
