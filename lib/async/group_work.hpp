#pragma once
// Work that is as dear for many as for one (a commit, a sync of a disk), done once for all who wait for it.

#include "async/blocking_pool.hpp"
#include "async/signal.hpp"
#include "core/duration_histogram.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kyc::async {

/// How long a round waits for company. After a quiet time, or after a round of one, it does not wait at all, so that a
/// lone caller is served at once; who comes on the heels of a round that served several is probably one of many.
struct gathering {
    std::size_t enough = 1;                      ///< with so many items nobody waits for more
    std::chrono::steady_clock::duration quiet{}; ///< when nobody has come for so long, nobody is waited for
    std::chrono::steady_clock::duration most{};  ///< the longest time from the end of a round to the next begin

    /// For what takes a disk a few milliseconds, with about `callers` that come again and again. Three quarters of
    /// them are enough: with all of them waiting here nobody would do anything else.
    [[nodiscard]] static gathering for_disk(std::size_t callers) {
        return {std::clamp<std::size_t>(callers * 3 / 4, 1, 32), std::chrono::milliseconds(8),
                std::chrono::milliseconds(30)};
    }
};

/// Gathers items while a round is running, and for a little longer (`gathering`), and hands them all to the next one:
/// whoever comes while nothing runs does the round for everybody gathered so far. Loop's thread only; the round itself
/// runs on the pool. Must outlive its callers; `pool` outlives it.
template<class Item>
class group_work {
  public:
    group_work(const boost::asio::any_io_executor& loop, blocking_pool& pool, gathering rules)
        : pool_(pool), rules_(rules), ended_(loop), arrived_(loop) {}

    /// Resumes when a round that began after this call has ended; returns the item as that round left it. `round` is
    /// called on the pool with pointers to the gathered items, which are its own while it runs; every caller passes the
    /// same work. A caller that is cancelled while it waits throws operation_aborted, and its item may or may not have
    /// been dealt with: shield it.
    template<class Round>
    [[nodiscard]] awaitable<Item> join(Item item, Round& round) {
        auto mine = std::make_shared<place>(std::move(item), true);
        gathered_.push_back(mine);
        if (gathered_.size() >= rules_.enough) arrived_.notify_all();
        while (!mine->done) {
            if (running_) {
                co_await ended_.wait();
                continue;
            }
            const in_round leading(*this);
            co_await gather();
            co_await run_round(round);
        }
        co_return std::move(mine->item);
    }

    /// Leaves an item for the next round without waiting for it. What no round has taken when the process ends is lost.
    void leave(Item item) { gathered_.push_back(std::make_shared<place>(std::move(item), false)); }

    /// Runs a round now if something was left and none is running.
    template<class Round>
    [[nodiscard]] awaitable<void> flush(Round& round) {
        if (running_ || gathered_.empty()) co_return;
        const in_round leading(*this);
        co_await run_round(round);
    }

    /// Since when somebody waits without a round having ended meanwhile: the begin of the one that runs, else the time
    /// at which the first of the waiting came. None: nobody waits.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> busy_since() const {
        if (rounding_since_) return rounding_since_;
        for (const auto& each : gathered_)
            if (each->awaited) return std::max(each->came, ended_at_);
        return std::nullopt;
    }

    [[nodiscard]] std::uint64_t rounds() const { return rounds_; }

    [[nodiscard]] std::uint64_t items() const { return items_; }

    /// How long rounds took, the wait for one of the pool's threads not included.
    [[nodiscard]] const duration_histogram& durations() const { return durations_; }

  private:
    using clock = std::chrono::steady_clock;

    struct place {
        Item item;
        bool awaited; ///< by its caller; else it was left
        clock::time_point came = clock::now();
        bool done = false;

        place(Item item_, bool awaited_) : item(std::move(item_)), awaited(awaited_) {}
    };

    /// While one caller leads the others wait, also when it is cancelled: then another leads.
    class in_round {
      public:
        explicit in_round(group_work& work) : work_(work) { work_.running_ = true; }

        in_round(const in_round&) = delete;
        in_round& operator=(const in_round&) = delete;

        ~in_round() {
            work_.running_ = false;
            work_.rounding_since_.reset();
            work_.ended_at_ = clock::now();
            work_.ended_.notify_all();
        }

      private:
        group_work& work_;
    };

    [[nodiscard]] awaitable<void> gather() {
        if (served_ < 2) co_return;
        const auto latest = ended_at_ + rules_.most;
        std::size_t before = 0;
        while (gathered_.size() < rules_.enough && gathered_.size() > before) {
            const auto now = clock::now();
            if (now >= latest) co_return;
            before = gathered_.size();
            (void)co_await arrived_.wait_for(std::min(latest - now, rules_.quiet));
        }
    }

    template<class Round>
    [[nodiscard]] awaitable<void> run_round(Round& round) {
        const auto taken = std::exchange(gathered_, {});
        std::vector<Item*> items;
        items.reserve(taken.size());
        for (const auto& each : taken)
            items.push_back(&each->item);
        auto job = [&round, &items] {
            const auto begun = clock::now();
            round(items);
            return clock::now() - begun;
        };
        rounding_since_ = clock::now();
        const auto took = co_await pool_.run(job);
        durations_.add(took);
        served_ = 0;
        for (const auto& each : taken) {
            each->done = true;
            served_ += each->awaited ? 1 : 0;
        }
        ++rounds_;
        items_ += taken.size();
    }

    blocking_pool& pool_;
    gathering rules_;
    signal ended_;
    signal arrived_; ///< enough have
    std::vector<std::shared_ptr<place>> gathered_;
    clock::time_point ended_at_ = clock::time_point::min();
    std::size_t served_ = 0; ///< callers, by the last round
    bool running_ = false;
    std::optional<clock::time_point> rounding_since_; ///< while the pool has it
    std::uint64_t rounds_ = 0;
    std::uint64_t items_ = 0;
    duration_histogram durations_{disk_bounds};
};

} // namespace kyc::async
