#pragma once
// A queue in two lanes that take turns, for what only one may do at a time and not before its time has come.

#include "async/awaitable.hpp"
#include "async/urgency.hpp"

#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <list>

namespace kyc::async {

/// While both lanes wait, their heads go alternately; within a lane the order is that of coming, with those who are
/// `behind` after all others, in either lane. Knows no time of its
/// own: whoever is next sleeps until the time that it is told and asks again. Loop's thread only; must outlive its
/// places.
class turns {
  public:
    enum class lane { first, second };

    explicit turns(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

    turns(const turns&) = delete;
    turns& operator=(const turns&) = delete;

    /// One who waits, for as long as it lives. Leaving, taken or not, lets the next one ask.
    class place {
      public:
        place(turns& owner, lane which, urgency who = urgency::first);
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place();

        [[nodiscard]] bool is_next() const { return owner_.next() == this; }

        /// It goes: the other lane is next.
        void take() { owner_.last_ = lane_; }

        /// Suspends until that time, or until something changed. Who is not next sleeps until it is. Throws
        /// operation_aborted when cancelled.
        [[nodiscard]] awaitable<void> sleep_until(std::chrono::steady_clock::time_point time);

      private:
        friend class turns;

        turns& owner_;
        lane lane_;
        urgency urgency_;
        boost::asio::steady_timer timer_;
        std::list<place*>::iterator in_queue_;
    };

    /// The next one's time may have changed.
    void wake_next();

    /// What everybody waits for may be in vain.
    void wake_all();

  private:
    [[nodiscard]] std::list<place*>& queue(lane of) { return queues_.at(static_cast<std::size_t>(of)); }

    [[nodiscard]] place* next();

    boost::asio::any_io_executor executor_;
    std::array<std::list<place*>, 2> queues_;
    lane last_ = lane::second;
};

} // namespace kyc::async
