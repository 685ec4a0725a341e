#pragma once
// From the inbox to running cases: what waits, what is examined next, and never more at a time than the limits allow.

#include "async/permits.hpp"
#include "async/task_group.hpp"
#include "case_world.hpp"
#include "fs/inbox.hpp"
#include "fs/inbox_watch.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace kyc {

/// An entry that was looked at and is not ready, for the summary.
struct not_ready_entry {
    fs::inbox_entry entry;
    std::string why;
};

/// Feeds the case group. Loop's thread only; the inbox itself is read on the pool.
/// Waiting cases are a few bytes each, not coroutines: capacity is asked for before an entry is even examined.
class intake {
  public:
    /// All references outlive the intake.
    intake(case_world& world, fs::inbox& inbox, async::task_group& cases, const boost::asio::any_io_executor& loop);

    /// Listens to `watch` and scans, for ever. Ends by cancellation only. Run it beside feed().
    [[nodiscard]] async::awaitable<void> listen(fs::inbox_watch& watch);

    /// Takes from the queue whatever the capacity allows, and looks again at what was not ready when its time has come,
    /// for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> feed();

    /// `run --once`: reads the inbox one time; feed() then takes it all. Entries that only need to settle are looked at
    /// again until they have. drained() tells when nothing is left to be looked at.
    [[nodiscard]] async::awaitable<void> scan_once();

    /// Whether everything that was seen has been taken, refused, or found not ready.
    [[nodiscard]] bool drained() const {
        return queue_.empty() && examining_ == 0 && retries_.empty() && resuming_.empty();
    }

    /// What is left to be taken: queued, or coming by itself.
    [[nodiscard]] std::size_t left() const;

    /// What waits in one folder of the inbox, as far as it was looked at.
    struct queue_length {
        std::size_t queued = 0;    ///< not looked at yet, or being looked at now
        std::size_t not_ready = 0; ///< at the last look
    };

    [[nodiscard]] std::map<std::string, queue_length> queues() const;

    /// What was found not ready at the last look.
    [[nodiscard]] std::vector<not_ready_entry> not_ready() const;

  private:
    enum class place { queued, examining, waiting };

    /// When an entry that is not ready is looked at again.
    struct look_again {
        std::chrono::milliseconds in{};
        bool comes_by_itself = false; ///< nobody has to do anything: `run --once` waits for it
        bool held = false;            ///< nothing is wrong with it: others of its name or service are in the way
    };

    /// Its priority does not make an entry another one.
    struct by_name {
        bool operator()(const fs::inbox_entry& left, const fs::inbox_entry& right) const {
            return std::tie(left.folder, left.name, left.flat) < std::tie(right.folder, right.name, right.flat);
        }
    };

    struct entry_state {
        place where = place::queued;
        bool renamed_in = false;
        bool high_priority = false;
        bool moved = false;      ///< something moved while it was being examined
        bool held = false;       ///< while it waits: see look_again
        bool unfinished = false; ///< a claim met trouble and may have stopped half way
        std::string why;
        std::string said; ///< the last reason that was logged aloud
        std::multimap<std::chrono::steady_clock::time_point, fs::inbox_entry>::iterator retry;
    };

    [[nodiscard]] async::awaitable<void> scan();
    [[nodiscard]] async::awaitable<void> take(fs::inbox_entry entry, async::permit before_receipt,
                                              async::permit unanswered);
    [[nodiscard]] async::awaitable<void> resume(case_key key);
    [[nodiscard]] result<void> check_spool() const;
    void enqueue(const fs::inbox_entry& entry, bool renamed_in);
    void put_back(const fs::inbox_entry& entry, std::string why, look_again when);
    void wait_for(const fs::inbox_entry& entry, std::string why, look_again when, bool loud);
    void drop(const fs::inbox_entry& entry);
    [[nodiscard]] bool enough_held_back(const service& target) const;
    void enqueue_due();

    case_world& world_;
    fs::inbox& inbox_;
    async::task_group& cases_;
    async::signal bell_; ///< the queue or the retry times changed
    std::deque<fs::inbox_entry> queue_;
    std::map<fs::inbox_entry, entry_state, by_name> known_;
    std::multimap<std::chrono::steady_clock::time_point, fs::inbox_entry> retries_;
    std::set<case_key> resuming_; ///< half claimed, and being put in order
    std::size_t examining_ = 0;
    bool once_ = false;
};

} // namespace kyc
