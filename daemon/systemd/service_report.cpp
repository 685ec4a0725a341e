#include "systemd/service_report.hpp"

#include "async/signal.hpp"
#include "log/log.hpp"

#include <algorithm>

namespace kyc {

namespace {

constexpr std::chrono::seconds between_looks{1};

/// Each status is a message to everybody who watches the unit.
constexpr std::chrono::seconds between_status{3};

/// What a start or a stop asks for at a time: several looks, so that none has to come on the second. It counts only
/// beyond TimeoutStartSec= and TimeoutStopSec=.
constexpr std::chrono::seconds more_time{15};

/// A start that waits for longer than this for a disk is no better than one that has failed: it is made again.
constexpr std::chrono::minutes longest_start{30};

/// Beyond the uploads of a stop: what they came to goes to disk.
constexpr std::chrono::seconds to_put_away{30};

} // namespace

async::awaitable<void> service_report::keep_telling() {
    clock::duration pause = between_looks;
    // sd_watchdog_enabled(3) recommends half of what is asked for; a third leaves room for a busy machine.
    if (const auto within = manager_.watchdog()) pause = std::min<clock::duration>(pause, *within / 3);
    auto next_status = clock::now();
    for (;;) {
        const auto state = look_();
        const auto now = clock::now();
        say_what_is_stuck(state.stuck);
        // That this runs shows that the loop turns.
        if (state.stuck.empty() && manager_.watchdog()) manager_.feed();
        ask_for_time(state, now);
        if (now >= next_status || state.at != at_) {
            manager_.status(status_words(state));
            next_status = now + between_status;
        }
        at_ = state.at;
        moved_ = state.moved;
        co_await async::sleep_for(pause);
    }
}

void service_report::say_what_is_stuck(const std::string& what) {
    if (what.empty() == stuck_.empty()) return;
    if (what.empty()) {
        log::info("moves again, after it stood still: " + stuck_);
    } else if (manager_.watchdog()) {
        log::error("stands still, so the watchdog is not fed and systemd will kill kycd and start it again: " + what);
    } else {
        log::error("stands still: " + what);
    }
    stuck_ = what;
}

void service_report::ask_for_time(const service_state& state, clock::time_point now) {
    using phase = service_state::phase;
    if (state.at == phase::running) {
        began_.reset();
        return;
    }
    if (!began_ || state.at != at_) began_ = now;
    if (state.at == phase::starting) {
        if (state.stuck.empty() && now - *began_ < longest_start) manager_.extend(more_time);
        return;
    }
    // An upload may be sent once more with a new token. One whose bytes have all left only waits, for as long as its
    // own limit allows.
    const bool goes_on = state.uploading > 0 || state.moved != moved_;
    if (goes_on && now - *began_ < 2 * state.longest_upload + to_put_away) manager_.extend(more_time);
}

} // namespace kyc
