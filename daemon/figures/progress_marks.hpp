#pragma once
// Whether the daemon makes progress, told in one place: for systemd's watchdog, /livez and the status document.

#include "async/awaitable.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kyc {

/// Work that comes again and again, and must move on while it is under way. Loop's thread only.
class progress_mark {
  public:
    using clock = std::chrono::steady_clock;

    /// It is under way while this lives. RAII; the mark outlives it.
    class stretch {
      public:
        explicit stretch(progress_mark& mark) : mark_(mark) {
            ++mark_.under_way_;
            mark_.step();
        }

        stretch(const stretch&) = delete;
        stretch& operator=(const stretch&) = delete;

        ~stretch() { --mark_.under_way_; }

      private:
        progress_mark& mark_;
    };

    /// It comes again while this lives: says when by due(). RAII; the mark outlives it.
    class again {
      public:
        explicit again(progress_mark& mark) : mark_(mark) {}

        again(const again&) = delete;
        again& operator=(const again&) = delete;

        ~again() { mark_.due_.reset(); }

        /// It has to begin at that time.
        void due(clock::time_point at) { mark_.due_ = at; }

      private:
        progress_mark& mark_;
    };

    /// It got a piece further.
    void step(clock::time_point now = clock::now()) { moved_ = now; }

    /// Since when nothing moves that should. None: nothing should move now, or it does.
    [[nodiscard]] std::optional<clock::time_point> still_since(clock::time_point now) const {
        if (under_way_ > 0) return moved_;
        if (due_ && *due_ <= now) return due_;
        return std::nullopt;
    }

  private:
    int under_way_ = 0;
    clock::time_point moved_{};
    std::optional<clock::time_point> due_; ///< none: whenever there is something to do
};

/// The parts that may not stand still: the loop, the scan of the inbox, the commits of the ledger. Waiting for the API,
/// for producers, or for a fault of the system to be over is no standing still: only a step that does not come back is.
/// Loop's thread only.
class progress_marks {
  public:
    using clock = progress_mark::clock;

    /// Asked with the time of the question: since when the part stands still though it should not.
    using question = std::function<std::optional<clock::time_point>(clock::time_point now)>;

    /// Begins with the loop alone, which beat() marks.
    progress_marks();

    /// A part that is stuck when it stands still for longer than `patience`. What `since` refers to outlives this.
    void watch(std::string name, std::chrono::seconds patience, question since);

    /// Marks the loop's turns, for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> beat();

    /// One part, as of now.
    struct state {
        std::string name;
        std::chrono::seconds still_for{0}; ///< 0: it moves, or has nothing to do
        bool stuck = false;
    };

    /// All parts, the loop first.
    [[nodiscard]] std::vector<state> look(clock::time_point now = clock::now()) const;

    /// What is stuck, in words for the log and the service manager; empty when everything moves, which is when the
    /// watchdog may be fed.
    [[nodiscard]] std::string stuck(clock::time_point now = clock::now()) const;

  private:
    struct part {
        std::string name;
        std::chrono::seconds patience;
        question since;
    };

    progress_mark loop_;
    std::vector<part> parts_;
};

/// "has not moved for 75 s".
[[nodiscard]] std::string to_words(const progress_marks::state& stuck);

} // namespace kyc
