#pragma once
// Whether one service's cases end badly for a reason that is not theirs. Pure; time comes in.

#include "core/breaker.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Stops paying for more of the same: when one in five of a service's latest cases, of at least 25, ended with one code
/// that has nothing to do with their images (blames_service(), is_vendor_fault()), its submits pause. A case is tried a
/// minute later, then after twice as long each time up to a quarter of an hour; one that was submitted since and ended
/// otherwise resumes it.
class outcome_watch {
  public:
    static constexpr std::size_t cases_to_judge = 25;
    static constexpr std::size_t cases_remembered = 100;
    static constexpr std::size_t one_in = 5;

    enum class change { none, paused, resumed };

    outcome_watch(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest) {}

    /// None: a case may be submitted, after take(). Else when to ask again; until_notified while one tries.
    [[nodiscard]] std::optional<steady_time> wait_until(steady_time now) const;

    /// Reserves the next submit; only when wait_until() is none. True: it is a try, until give_back().
    [[nodiscard]] bool take();

    void give_back() { trying_ = false; }

    /// A submit is made. Returns the era that its case has to remember for ended(). How a case ends may take long to
    /// know, so the next try does not wait for it.
    std::uint32_t submitting(steady_time now);

    /// A case ended. `code` empty: nothing that blames the service. `era`: as submitting() said, 0 when an earlier
    /// process submitted it.
    change ended(std::string_view code, std::uint32_t era, steady_time now);

    /// Somebody may have mended the cause: the next try need not wait.
    void try_now() { next_at_ = {}; }

    [[nodiscard]] bool is_paused() const { return paused_; }

    /// What paused it: the code, and how many of how many cases ended with it.
    [[nodiscard]] const std::string& code() const { return code_; }

    [[nodiscard]] std::size_t cases_with_code() const { return bad_; }

    [[nodiscard]] std::size_t cases_judged() const { return judged_; }

  private:
    void put_off(steady_time now);

    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::deque<std::string> latest_; ///< the codes, oldest first
    bool paused_ = false;
    bool trying_ = false;
    std::uint32_t era_ = 1; ///< one more with each pause: tells cases that were submitted since from earlier ones
    std::chrono::milliseconds delay_{};
    steady_time next_at_{};
    std::string code_;
    std::size_t bad_ = 0;
    std::size_t judged_ = 0;
};

} // namespace kyc
