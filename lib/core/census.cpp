#include "core/census.hpp"

#include <algorithm>
#include <limits>

namespace kyc {

namespace {

constexpr epoch_seconds minute = 60;

void count_up(std::map<epoch_seconds, std::uint32_t>& counts, epoch_seconds at) {
    ++counts[at];
}

void count_down(std::map<epoch_seconds, std::uint32_t>& counts, epoch_seconds at) {
    const auto found = counts.find(at);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
}

} // namespace

std::string_view to_string(case_phase value) {
    switch (value) {
    case case_phase::not_ready:
        return "not_ready";
    case case_phase::waiting:
        return "waiting";
    case case_phase::claimed:
        return "claimed";
    case case_phase::sending:
        return "sending";
    case case_phase::pending:
        return "pending";
    case case_phase::delivering:
        return "delivering";
    }
    return "";
}

epoch_seconds to_epoch_seconds(std::chrono::system_clock::time_point time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
    constexpr std::int64_t last = std::numeric_limits<epoch_seconds>::max();
    return static_cast<epoch_seconds>(std::clamp<std::int64_t>(seconds, 0, last));
}

std::chrono::system_clock::time_point from_epoch_seconds(epoch_seconds value) {
    return std::chrono::system_clock::time_point(std::chrono::seconds(value));
}

census::service_id census::id_of(std::string_view service) {
    if (const auto found = ids_.find(service); found != ids_.end()) return found->second;
    const auto id = static_cast<service_id>(groups_.size());
    ids_.emplace(service, id);
    groups_.emplace_back();
    return id;
}

void census::add(const stand& which) {
    auto& of = groups_.at(which.service).at(static_cast<std::size_t>(which.phase));
    ++of.cases;
    count_up(of.seconds, which.since);
    count_up(of.minutes, which.since / minute);
}

void census::remove(const stand& which) {
    auto& of = groups_.at(which.service).at(static_cast<std::size_t>(which.phase));
    --of.cases;
    count_down(of.seconds, which.since);
    count_down(of.minutes, which.since / minute);
}

census::row census::row_of(const group& of, epoch_seconds now) {
    row told;
    told.cases = of.cases;
    const auto first = of.seconds.begin()->first;
    told.oldest = std::chrono::seconds(now > first ? now - first : 0);
    std::uint64_t in_whole_minutes = 0; // from the youngest back
    std::uint64_t counted = 0;
    auto back = of.minutes.rbegin();
    for (std::size_t i = 0; i < age_bounds.size(); ++i) {
        const auto bound = static_cast<epoch_seconds>(age_bounds.at(i).count());
        const epoch_seconds edge = now > bound ? now - bound : 0; // younger is what came after it
        for (; back != of.minutes.rend() && back->first > edge / minute; ++back)
            in_whole_minutes += back->second;
        auto younger = in_whole_minutes;
        for (auto at = of.seconds.upper_bound(edge); at != of.seconds.end() && at->first / minute == edge / minute;
             ++at)
            younger += at->second;
        told.ages.at(i) = younger - counted;
        counted = younger;
    }
    told.ages.back() = of.cases - counted;
    return told;
}

std::vector<census::row> census::rows(epoch_seconds now) const {
    std::vector<row> all;
    for (std::size_t phase = 0; phase < case_phase_count; ++phase) {
        for (const auto& [service, id] : ids_) {
            const auto& of = groups_[id][phase];
            if (of.cases == 0) continue;
            auto told = row_of(of, now);
            told.phase = static_cast<case_phase>(phase);
            told.service = service;
            all.push_back(std::move(told));
        }
    }
    return all;
}

std::uint64_t census::count(case_phase phase) const {
    std::uint64_t sum = 0;
    for (const auto& each : groups_)
        sum += each[static_cast<std::size_t>(phase)].cases;
    return sum;
}

} // namespace kyc
