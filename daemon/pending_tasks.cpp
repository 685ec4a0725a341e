#include "pending_tasks.hpp"

#include "case_run.hpp"
#include "process_case.hpp"

#include <algorithm>

namespace kyc {

using std::chrono::steady_clock;

namespace {

/// What comes due within so short a time is asked for together: waking up costs the machine as much as a poll does.
constexpr std::chrono::milliseconds shortest_sleep{20};

} // namespace

pending_tasks::pending_tasks(const boost::asio::any_io_executor& loop, progeny::api& api, async::permits& polls,
                             async::task_group& cases)
    : api_(api), polls_(polls),
      cases_(cases), first_{false, {}, async::signal(loop)}, repeats_{true, {}, async::signal(loop)} {}

pending_tasks::~pending_tasks() = default;

void pending_tasks::add(std::unique_ptr<case_run> run) {
    auto& waiting = run->task->repeat ? repeats_ : first_;
    const auto due = run->task->due;
    const bool earlier = waiting.cases.empty() || due < waiting.cases.front().due;
    waiting.cases.push_back({due, std::move(run)});
    std::push_heap(waiting.cases.begin(), waiting.cases.end(), is_later);
    if (earlier) waiting.earlier.notify_all();
}

void pending_tasks::start(async::task_group& keepers) {
    keepers.spawn(wake(first_));
    keepers.spawn(wake(repeats_));
}

async::awaitable<void> pending_tasks::wake(line& waiting) {
    for (;;) {
        co_await wait_until_due(waiting);
        auto leave = co_await leave_to_ask(waiting.repeats);
        std::pop_heap(waiting.cases.begin(), waiting.cases.end(), is_later); // only here do cases leave
        auto run = std::move(waiting.cases.back().run);
        waiting.cases.pop_back();
        cases_.spawn(process_case(std::move(run), std::move(leave)));
    }
}

async::awaitable<void> pending_tasks::wait_until_due(line& waiting) {
    for (;;) {
        if (waiting.cases.empty()) {
            co_await waiting.earlier.wait();
            continue;
        }
        const auto left = waiting.cases.front().due - steady_clock::now();
        if (left <= steady_clock::duration::zero()) co_return;
        (void)co_await waiting.earlier.wait_for(std::max<steady_clock::duration>(left, shortest_sleep));
    }
}

async::awaitable<poll_leave> pending_tasks::leave_to_ask(bool repeat) {
    for (;;) {
        auto call = co_await api_.admit(nullptr, repeat);
        auto slot = co_await polls_.acquire();
        const bool its_turn = co_await api_.turn(nullptr, repeat, call);
        if (its_turn) co_return poll_leave(std::move(call), std::move(slot));
    }
}

} // namespace kyc
