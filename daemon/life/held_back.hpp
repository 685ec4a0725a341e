#pragma once
// Claimed cases that wait for the API to take them: how many there are.

#include "core/lane.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace kyc {

/// By lane and service; loop's thread only.
class held_back_counts {
  public:
    /// One more of the service, by its name in the settings.
    void add(lane which, const std::string& service) { ++cases_[{which, service}]; }

    /// One less; it was added before.
    void remove(lane which, const std::string& service) {
        const auto found = cases_.find({which, service});
        if (--found->second == 0) cases_.erase(found);
    }

    [[nodiscard]] std::size_t of(lane which, const std::string& service) const {
        const auto found = cases_.find({which, service});
        return found == cases_.end() ? 0 : found->second;
    }

    /// Of both lanes; only services that have some.
    [[nodiscard]] std::map<std::string, std::size_t> by_service() const {
        std::map<std::string, std::size_t> all;
        for (const auto& [key, count] : cases_)
            all[key.second] += count;
        return all;
    }

    /// Of both lanes and all services.
    [[nodiscard]] std::size_t all() const {
        std::size_t sum = 0;
        for (const auto& [key, count] : cases_)
            sum += count;
        return sum;
    }

  private:
    std::map<std::pair<lane, std::string>, std::size_t> cases_;
};

} // namespace kyc
