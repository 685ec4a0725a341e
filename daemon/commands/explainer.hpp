#pragma once
// What every case's `why` begins with: what holds up all of them, whatever becomes of this one. The rules of cases in
// one place (the inbox, work/) are built on it.

#include "commands/reasons.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kyc {

/// Fills one explanation. What is asked of it ("is kycd stopping?") has been said when the answer is yes.
class explainer {
  public:
    /// Both outlive it.
    explainer(spool_view& view, const found_place& place);

    /// What was said last. Once.
    [[nodiscard]] explanation take() { return std::move(out_); }

  protected:
    /// The last word said stays.
    void say(std::string reason, std::string because, std::string next, std::optional<utc_time> next_at = std::nullopt);

    /// Of a wait: " in about 5 s"; none: " now and then"
    [[nodiscard]] static std::string in_words(std::optional<std::chrono::seconds> wait);

    [[nodiscard]] static std::optional<utc_time> from_now(std::optional<std::chrono::seconds> wait);

    /// In one of the objects of the daemon's document; 0: not told.
    [[nodiscard]] std::uint64_t live_number(std::string_view group, std::string_view name) const;

    [[nodiscard]] const settings& config() const { return view_.config(); }

    /// `then`: what the daemon would do with it.
    bool not_running(const std::string& then);

    /// A fault that no case gets past.
    bool held_by_system();

    /// Where only a fault keeps a case for longer than a moment.
    bool met_a_fault();

    /// What it has in hand goes on at the next start. `then`: what the next start does with it.
    bool is_stopping(const std::string& then);

    /// `submits`: the case has yet to be sent; an answer is asked for whatever its service.
    bool held_by_api(bool submits);

    /// The API asked for a pause, or calls came too fast for it.
    bool is_resting();

    /// What else holds a case up only the daemon knows.
    bool cannot_be_told();

    /// `before`: how many claimed cases have yet to be sent.
    bool held_by_rate(std::uint64_t before);

    spool_view& view_;
    const found_place& place_;
    explanation out_;
    std::string again_; ///< what is said before a reason that concerns a re-verification; empty: it concerns none
};

/// Of a case that lies in the inbox.
[[nodiscard]] explanation explain_in_inbox(spool_view& view, const found_place& place);

/// Of a case that lies in work/.
[[nodiscard]] explanation explain_in_work(spool_view& view, const found_place& place);

/// Of a delivered case that a ticket has still to be done, or in hand: `answered` stands meanwhile. None: there is no
/// such ticket.
[[nodiscard]] std::optional<explanation> explain_verified_again(spool_view& view, const found_place& place,
                                                                const std::string& answered);

} // namespace kyc
