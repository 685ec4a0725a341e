#pragma once
// The cases that wait for the answers of their tasks. They do so in thousands and for minutes, so each is data
// meanwhile and none is a coroutine.

#include "async/awaitable.hpp"
#include "async/permits.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "core/case_key.hpp"
#include "progeny/api.hpp"
#include "told/known_case.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kyc {

struct case_run;

/// Leave to ask for one task now: the API's, and one of limits.polls. Movable, RAII.
struct poll_leave {
    progeny::admission call;
    async::permit slot;

    poll_leave() = default;

    poll_leave(progeny::admission call_, async::permit slot_) : call(std::move(call_)), slot(std::move(slot_)) {}

    explicit operator bool() const { return static_cast<bool>(slot); }
};

/// Cases in the order in which their tasks are to be asked for. A case is woken when its time has come and it has leave
/// to ask: however many are due, those that the API or limits.polls keep waiting stay data. Repeats of questions that
/// failed stand in a line of their own, for they may have to wait alone; so do the cases of the bulk lane, which ask
/// when nobody else does. Loop's thread only. Cases that wait when this is destroyed are dropped: their folders and the
/// ledger say where the next start goes on.
class pending_tasks {
  public:
    /// All outlive it. A woken case goes on with process_case() in `cases`.
    pending_tasks(const boost::asio::any_io_executor& loop, progeny::api& api, async::permits& polls,
                  async::task_group& cases);
    ~pending_tasks();
    pending_tasks(const pending_tasks&) = delete;
    pending_tasks& operator=(const pending_tasks&) = delete;

    /// Lets a case wait until run->task->due.
    void add(std::unique_ptr<case_run> run);

    /// Wakes cases from now on, until `keepers` are cancelled.
    void start(async::task_group& keepers);

    /// How many wait.
    [[nodiscard]] std::size_t size() const { return first_.cases.size() + repeats_.cases.size() + bulk_.cases.size(); }

    /// The task of a case that waits; none: it does not wait, or is being asked for. Goes through all that wait.
    [[nodiscard]] std::optional<known_task> look_up(const case_key& key) const;

  private:
    struct waiting_case {
        std::chrono::steady_clock::time_point due;
        std::unique_ptr<case_run> run;
    };

    struct line {
        line(bool repeats_, async::urgency who_, const boost::asio::any_io_executor& loop);
        ~line();
        line(const line&) = delete;
        line& operator=(const line&) = delete;

        bool repeats;
        async::urgency who;
        std::vector<waiting_case> cases; ///< a heap, the one that is due next in front
        async::signal earlier;           ///< a case has come that is due before all others
    };

    [[nodiscard]] static bool is_later(const waiting_case& left, const waiting_case& right) {
        return left.due > right.due;
    }

    [[nodiscard]] async::awaitable<void> wake(line& waiting);
    [[nodiscard]] async::awaitable<void> wait_until_due(line& waiting);
    [[nodiscard]] async::awaitable<poll_leave> leave_to_ask(const line& waiting);
    [[nodiscard]] line& line_of(const case_run& run);

    progeny::api& api_;
    async::permits& polls_;
    async::task_group& cases_;
    line first_;
    line repeats_;
    line bulk_; ///< of cases that are verified again
};

} // namespace kyc
