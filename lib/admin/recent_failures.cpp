#include "admin/recent_failures.hpp"

#include <algorithm>

namespace kyc::admin {

namespace {

constexpr std::chrono::hours kept{24};

std::int64_t minute_of(recent_failures::time at) {
    return std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()).count();
}

} // namespace

void recent_failures::add(time at, failure_code code, std::string_view service, std::string name) {
    auto& all = codes_[code];
    all.last_at = std::max(all.last_at, at);
    auto found = all.services.find(service);
    if (found == all.services.end()) found = all.services.try_emplace(std::string(service)).first;
    auto& minutes = found->second;
    const auto minute = minute_of(at);
    // A clock that was set back adds to the newest minute.
    if (minutes.empty() || minutes.back().first < minute) minutes.emplace_back(minute, 0);
    ++minutes.back().second;
    if (name.empty()) return;
    all.names.emplace_back(at, std::move(name));
    if (all.names.size() > most_names) all.names.pop_front();
}

void recent_failures::take_over(const recent_failures& earlier) {
    for (const auto& [code, old] : earlier.codes_) {
        auto& all = codes_[code];
        all.last_at = std::max(all.last_at, old.last_at);
        for (const auto& [service, minutes] : old.services) {
            auto& mine = all.services[service];
            mine.insert(mine.begin(), minutes.begin(), minutes.end());
        }
        all.names.insert(all.names.begin(), old.names.begin(), old.names.end());
        while (all.names.size() > most_names)
            all.names.pop_front();
    }
}

std::vector<recent_failures::group> recent_failures::now(time now) {
    const auto oldest = now - kept;
    std::vector<group> groups;
    for (auto& [code, all] : codes_) {
        group told;
        told.code = code;
        told.last_at = all.last_at;
        for (auto& [service, minutes] : all.services) {
            while (!minutes.empty() && minutes.front().first <= minute_of(oldest))
                minutes.pop_front();
            std::uint64_t cases = 0;
            for (const auto& [minute, count] : minutes)
                cases += count;
            if (cases > 0) told.services.emplace(service, cases);
            told.cases += cases;
        }
        while (!all.names.empty() && all.names.front().first < oldest)
            all.names.pop_front();
        for (auto name = all.names.rbegin(); name != all.names.rend(); ++name)
            told.names.push_back(name->second);
        if (told.cases > 0) groups.push_back(std::move(told));
    }
    std::erase_if(codes_, [](const auto& each) {
        const auto& services = each.second.services;
        return std::all_of(services.begin(), services.end(), [](const auto& one) { return one.second.empty(); });
    });
    std::stable_sort(groups.begin(), groups.end(), [](const group& a, const group& b) { return a.cases > b.cases; });
    return groups;
}

} // namespace kyc::admin
