#include "async/loop_latency.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>
#include <numeric>
#include <sys/resource.h>

namespace kyc::async {

namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

/// A look at what the kernel counts of this thread is two system calls, so it is not taken after each turn.
constexpr microseconds between_looks{500};

/// What the kernel says of this thread.
struct thread_account {
    nanoseconds used{};     ///< of a processor
    long lost_its_core = 0; ///< how often it had to stop though it was not done
    long slept = 0;         ///< how often it stopped because it waited for something
    steady_clock::time_point at{};
};

/// To the moment, where getrusage knows it only as of the last tick.
nanoseconds processor_time() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

thread_account look() {
    rusage counted{};
    ::getrusage(RUSAGE_THREAD, &counted);
    return {processor_time(), counted.ru_nivcsw, counted.ru_nvcsw, steady_clock::now()};
}

} // namespace

void loop_latency::add(nanoseconds turn, bool crowded_out) {
    // From the front: nearly all are short.
    const auto place = std::find_if(bounds.begin(), bounds.end(), [turn](auto bound) { return turn <= bound; });
    ++buckets_.at(static_cast<std::size_t>(place - bounds.begin()));
    sum_ += turn;
    if (crowded_out) {
        ++crowded_out_;
    } else {
        longest_ = std::max(longest_, turn);
    }
}

std::uint64_t loop_latency::turns() const {
    return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

std::uint64_t loop_latency::too_long() const {
    const auto last_good = std::find(bounds.begin(), bounds.end(), longest_allowed) - bounds.begin();
    return std::accumulate(std::next(buckets_.begin(), last_good + 1), buckets_.end(), std::uint64_t{0}) - crowded_out_;
}

void run_measured(boost::asio::io_context& loop, loop_latency& into) {
    auto last = look();
    for (;;) {
        auto begun = last.at;
        while (loop.poll_one() > 0) {
            const auto ended = steady_clock::now();
            const auto turn = ended - begun;
            const bool too_long = turn > loop_latency::longest_allowed;
            bool crowded_out = false;
            if (too_long || ended - last.at > between_looks) {
                const auto now = look();
                crowded_out = too_long && now.lost_its_core > last.lost_its_core && now.slept == last.slept &&
                              now.used - last.used <= loop_latency::longest_allowed;
                last = now;
            }
            into.add(turn, crowded_out);
            begun = ended;
        }
        const auto used_before = processor_time();
        if (loop.run_one() == 0) return;
        last = look();
        into.add(last.used - used_before);
    }
}

} // namespace kyc::async
