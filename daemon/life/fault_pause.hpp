#pragma once
// What kycd does about the system's own trouble: wait, say so once, go on by itself (design section 6, last paragraph).

#include "async/signal.hpp"
#include "core/fault.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace kyc {

/// What is said of a fault outside the log, where no case may be named.
struct public_fault {
    std::string words;
    bool of_one_folder = false; ///< of one service: who works elsewhere need not wait for it
};

/// Collects the faults that are being waited out. A fault is one thing, by its errno, however many cases run into it;
/// but each folder of a service has its own. It is logged when it begins and when it is over. Loop's thread only.
class fault_pause {
  public:
    using public_words = std::function<public_fault(const fault& met)>;

    /// Without `words` that is the error alone ("No space left on device").
    explicit fault_pause(const boost::asio::any_io_executor& loop, public_words words = {})
        : words_(std::move(words)), changed_(loop) {}

    /// What tells one fault from another: the errno, and the words of one that is only about one folder.
    using which = std::pair<int, std::string>;

    /// One step that is tried again and again. RAII: whoever gives up is no longer counted as waiting. Must not outlive
    /// the pause.
    class waiter {
      public:
        explicit waiter(fault_pause& owner) : owner_(owner) {}

        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;

        ~waiter() { owner_.leave(met_); }

        /// The step failed with `what`: suspends until the next try makes sense (1 s, doubling to 5 s while the fault
        /// lasts; at once when somebody else finds that it is over, or on wake()). Throws operation_aborted when
        /// cancelled.
        [[nodiscard]] async::awaitable<void> wait(fault what);

        /// The step works, at once or again: what it had met is over, for everybody.
        void worked();

      private:
        fault_pause& owner_;
        std::optional<which> met_;
    };

    /// A fault that is being waited out.
    struct state {
        std::error_code error;
        std::string what; ///< in public words
        std::chrono::system_clock::time_point since{};
        std::size_t tries = 0;
        std::size_t waiting = 0; ///< steps that wait for it to be over
    };

    [[nodiscard]] std::vector<state> now() const;

    /// How many.
    [[nodiscard]] std::size_t count() const { return ongoing_.size(); }

    /// Whether anything is being waited out.
    [[nodiscard]] bool active() const { return !ongoing_.empty(); }

    /// Whether it seems to hold up everybody: no step of another case has worked since it was last met. What is wrong
    /// with one folder does not.
    [[nodiscard]] bool holds_up_all() const;

    /// Suspends until that may have changed, or for `limit`.
    [[nodiscard]] async::awaitable<void> wait_for_change(std::chrono::milliseconds limit);

    /// Ends all waits now: for a stop.
    void wake() { changed_.notify_all(); }

  private:
    using steady_time = std::chrono::steady_clock::time_point;

    struct ongoing {
        std::string words; ///< for the log: with the path, which may name a case
        public_fault told; ///< for all others
        std::chrono::system_clock::time_point since{};
        std::chrono::seconds delay{0};
        steady_time round_ends{}; ///< everybody who waits for it tries again then
        std::size_t rounds = 0;
        std::size_t waiting = 0;
    };

    [[nodiscard]] public_fault tell(const fault& met) const;
    void join(const which& fault_met, const fault& what, public_fault told);
    void leave(std::optional<which>& fault_met);
    void over(const which& fault_met, const char* how);

    public_words words_;
    std::map<which, ongoing> ongoing_;
    bool worked_since_ = false;
    async::signal changed_;
};

} // namespace kyc
