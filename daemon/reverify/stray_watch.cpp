#include "reverify/stray_watch.hpp"

#include "log/log.hpp"

#include <utility>

namespace kyc::reverify {

namespace {

constexpr std::chrono::seconds between_looks{5};

} // namespace

fs::stray_patience stray_patience_of(const settings& config) {
    return {config.intake.settle, config.intake.incomplete_after};
}

async::awaitable<void> stray_watch::look() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) co_return;
    next_ = now + between_looks;
    const auto patience = stray_patience_of(*world_.config);
    auto list = [this, patience]() {
        return fs::list_strays(world_.layout, std::chrono::system_clock::now(), patience);
    };
    const auto found = co_await world_.pool.run(list);
    if (!found) co_return; // who looks for tickets there says so
    std::set<std::string> there;
    for (const auto& each : *found) {
        there.insert(each.file);
        if (told_.contains(each.file)) continue;
        log::warning("inbox/reverify holds what is never taken: " + each.why, {{"file", each.file}});
    }
    told_ = std::move(there);
}

} // namespace kyc::reverify
