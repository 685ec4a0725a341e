#include "life/pending_tasks.hpp"

#include "life/case_run.hpp"
#include "life/process_case.hpp"

#include <algorithm>

namespace kyc {

using std::chrono::steady_clock;

namespace {

/// What comes due within so short a time is asked for together: waking up costs the machine as much as a poll does.
constexpr std::chrono::milliseconds shortest_sleep{20};

} // namespace

pending_tasks::line::line(bool repeats_, async::urgency who_, const boost::asio::any_io_executor& loop)
    : repeats(repeats_), who(who_), earlier(loop) {}

pending_tasks::line::~line() = default;

pending_tasks::pending_tasks(const boost::asio::any_io_executor& loop, progeny::api& api, async::permits& polls,
                             async::task_group& cases)
    : api_(api), polls_(polls), cases_(cases), first_(false, async::urgency::first, loop),
      repeats_(true, async::urgency::first, loop), bulk_(false, async::urgency::behind, loop) {}

pending_tasks::~pending_tasks() = default;

void pending_tasks::add(std::unique_ptr<case_run> run) {
    auto& waiting = line_of(*run);
    const auto due = run->task->due;
    const bool earlier = waiting.cases.empty() || due < waiting.cases.front().due;
    waiting.cases.push_back({due, std::move(run)});
    std::push_heap(waiting.cases.begin(), waiting.cases.end(), is_later);
    if (earlier) waiting.earlier.notify_all();
}

pending_tasks::line& pending_tasks::line_of(const case_run& run) {
    if (run.task->repeat) return repeats_;
    return run.key().lane == lane::bulk ? bulk_ : first_;
}

std::optional<known_task> pending_tasks::look_up(const case_key& key) const {
    const auto is_it = [&key](const waiting_case& each) { return each.run->key() == key; };
    for (const auto* waiting : {&first_, &repeats_, &bulk_}) {
        const auto found = std::find_if(waiting->cases.begin(), waiting->cases.end(), is_it);
        if (found == waiting->cases.end()) continue;
        const auto& task = *found->run->task;
        return known_task{task.heard_again, task.heard, utc_of(task.due)};
    }
    return std::nullopt;
}

void pending_tasks::start(async::task_group& keepers) {
    keepers.spawn(wake(first_));
    keepers.spawn(wake(repeats_));
    keepers.spawn(wake(bulk_));
}

async::awaitable<void> pending_tasks::wake(line& waiting) {
    for (;;) {
        co_await wait_until_due(waiting);
        auto leave = co_await leave_to_ask(waiting);
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

async::awaitable<poll_leave> pending_tasks::leave_to_ask(const line& waiting) {
    const auto who = waiting.who == async::urgency::behind ? lane::bulk : lane::live;
    const progeny::caller asking(nullptr, waiting.repeats, who);
    for (;;) {
        auto call = co_await api_.admit(asking);
        // Others wait for what a probe will show.
        const auto urgency = call.probe() ? async::urgency::first : waiting.who;
        auto slot = co_await polls_.acquire(1, urgency);
        const bool its_turn = co_await api_.turn(asking, call, urgency);
        if (its_turn) co_return poll_leave(std::move(call), std::move(slot));
    }
}

} // namespace kyc
