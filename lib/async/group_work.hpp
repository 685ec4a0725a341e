#pragma once
// Work that is as dear for many as for one (a commit, a sync of a disk), done once for all who wait for it.

#include "async/blocking_pool.hpp"
#include "async/signal.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kyc::async {

/// Gathers items while a round is running and hands them all to the next one: whoever comes while nothing runs does
/// the round for everybody gathered so far. Loop's thread only; the round itself runs on the pool. Must outlive its
/// callers; `pool` outlives it.
template<class Item, class Outcome>
class group_work {
  public:
    group_work(const boost::asio::any_io_executor& loop, blocking_pool& pool) : pool_(pool), ended_(loop) {}

    /// Resumes when a round that began after this call has ended; returns that round's outcome. `round` is called on
    /// the pool with the gathered items and returns Outcome; every caller passes the same work. A caller that is
    /// cancelled while it waits throws operation_aborted, and its item may or may not have been dealt with: shield it.
    template<class Round>
    [[nodiscard]] awaitable<Outcome> join(Item item, Round& round) {
        auto mine = std::make_shared<place>(std::move(item));
        gathered_.push_back(mine);
        while (!mine->outcome) {
            if (running_) {
                co_await ended_.wait();
                continue;
            }
            co_await run_round(round);
        }
        co_return *mine->outcome;
    }

    /// Leaves an item for the next round without waiting for it. What no round has taken when the process ends is lost.
    void leave(Item item) { gathered_.push_back(std::make_shared<place>(std::move(item))); }

    /// Runs a round now if something was left and none is running.
    template<class Round>
    [[nodiscard]] awaitable<void> flush(Round& round) {
        if (!running_ && !gathered_.empty()) co_await run_round(round);
    }

    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }

    [[nodiscard]] std::uint64_t items() const { return items_; }

  private:
    struct place {
        Item item;
        std::optional<Outcome> outcome;

        explicit place(Item item_) : item(std::move(item_)) {}
    };

    template<class Round>
    [[nodiscard]] awaitable<void> run_round(Round& round) {
        running_ = true;
        const auto taken = std::exchange(gathered_, {});
        std::vector<Item*> items;
        items.reserve(taken.size());
        for (const auto& each : taken)
            items.push_back(&each->item);
        auto job = [&round, &items] { return round(items); };
        const auto outcome = co_await pool_.run(job);
        for (const auto& each : taken)
            each->outcome = outcome;
        ++rounds_;
        items_ += taken.size();
        running_ = false;
        ended_.notify_all();
    }

    blocking_pool& pool_;
    signal ended_;
    std::vector<std::shared_ptr<place>> gathered_;
    bool running_ = false;
    std::uint64_t rounds_ = 0;
    std::uint64_t items_ = 0;
};

} // namespace kyc::async
