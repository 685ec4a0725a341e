#pragma once
// How a ticket gets on: since when it has not, and when it will be done.

#include <chrono>
#include <cstdint>
#include <optional>

namespace kyc::reverify {

/// Of one stretch in which the ticket may run: from its acceptance, a start, its window's opening or its resumption.
class ticket_pace {
  public:
    using clock = std::chrono::steady_clock;

    explicit ticket_pace(clock::time_point now) : begun_(now), last_(now) {}

    /// Another stretch begins.
    void begin(clock::time_point now) { *this = ticket_pace(now); }

    /// A case of it has a receipt.
    void moved(clock::time_point now) { last_ = now; }

    /// A case of it has ended.
    void ended(clock::time_point now) {
        last_ = now;
        ++cases_;
    }

    /// Since a case got on, or since the stretch began.
    [[nodiscard]] std::chrono::seconds still_for(clock::time_point now) const {
        return std::chrono::duration_cast<std::chrono::seconds>(now - last_);
    }

    /// How much longer it has to run for so many cases, at the rate of this stretch. None: too little was done in it.
    [[nodiscard]] std::optional<std::chrono::seconds> left(std::uint64_t cases, clock::time_point now) const {
        if (cases_ < enough_cases) return std::nullopt;
        const auto each = std::chrono::duration<double>(now - begun_) / static_cast<double>(cases_);
        return std::chrono::ceil<std::chrono::seconds>(each * static_cast<double>(cases));
    }

  private:
    /// The first ones are all on their way before one of them ends.
    static constexpr std::uint64_t enough_cases = 20;

    clock::time_point begun_;
    clock::time_point last_;
    std::uint64_t cases_ = 0; ///< that ended in it
};

} // namespace kyc::reverify
