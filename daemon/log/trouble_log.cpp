#include "log/trouble_log.hpp"

#include "async/signal.hpp"
#include "core/units.hpp"

namespace kyc {

namespace {

constexpr std::chrono::seconds between_looks{5};

} // namespace

std::string kind_of_reply(std::string_view what) {
    auto end = what.find(": ");
    if (end != std::string_view::npos) end = what.find(": ", end + 2);
    return std::string(what.substr(0, end));
}

void trouble_log::met(const std::string& kind, const std::string& message, const log::fields& about,
                      clock::time_point now) {
    auto found = ongoing_.find(kind);
    if (found == ongoing_.end()) {
        log::warning(message, about);
        if (ongoing_.size() >= kinds_at_most) return;
        found = ongoing_.emplace(kind, trouble{}).first;
        found->second.first = now;
    } else {
        log::debug(message, about);
    }
    ++found->second.times;
    found->second.last = now;
}

void trouble_log::look(clock::time_point now) {
    for (auto each = ongoing_.begin(); each != ongoing_.end();) {
        if (now - each->second.last < quiet) {
            ++each;
            continue;
        }
        say_over(each->first, each->second);
        each = ongoing_.erase(each);
    }
}

void trouble_log::end() {
    for (const auto& [what, met] : ongoing_)
        say_over(what, met);
    ongoing_.clear();
}

async::awaitable<void> trouble_log::keep_looking() {
    for (;;) {
        co_await async::sleep_for(between_looks);
        look();
    }
}

/// Met once, it has been said.
void trouble_log::say_over(const std::string& what, const trouble& met) {
    if (met.times < 2) return;
    const auto lasted = std::chrono::ceil<std::chrono::seconds>(met.last - met.first);
    log::warning("met " + std::to_string(met.times) + " times within " + format_duration(lasted) + ": " + what,
                 {{"times", met.times}});
}

} // namespace kyc
