#pragma once
// How long the loop's thread was away from everybody else: a histogram of its turns, to find what blocks it.

#include <boost/asio/io_context.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace kyc::async {

/// A turn is one handler: what runs until the loop can serve the next. Loop's thread only.
class loop_latency {
  public:
    /// The upper bounds of the buckets, inclusive, as a Prometheus histogram has them; a last one takes the rest.
    static constexpr std::array<std::chrono::microseconds, 13> bounds{
        std::chrono::microseconds(20),       std::chrono::microseconds(50),     std::chrono::microseconds(100),
        std::chrono::microseconds(200),      std::chrono::microseconds(500),    std::chrono::microseconds(1'000),
        std::chrono::microseconds(2'000),    std::chrono::microseconds(5'000),  std::chrono::microseconds(10'000),
        std::chrono::microseconds(20'000),   std::chrono::microseconds(50'000), std::chrono::microseconds(100'000),
        std::chrono::microseconds(1'000'000)};

    /// No turn of ours may take longer.
    static constexpr std::chrono::microseconds longest_allowed{1'000};

    /// `crowded_out`: it took longer than allowed only because others had the thread's core meanwhile.
    void add(std::chrono::nanoseconds turn, bool crowded_out = false);

    /// How many turns fell into each bucket, the crowded out ones too; not cumulative.
    [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& buckets() const { return buckets_; }

    [[nodiscard]] std::uint64_t turns() const;

    /// How many took longer than longest_allowed, without those that were crowded out.
    [[nodiscard]] std::uint64_t too_long() const;

    [[nodiscard]] std::uint64_t crowded_out() const { return crowded_out_; }

    [[nodiscard]] std::chrono::nanoseconds sum() const { return sum_; }

    /// Without those that were crowded out.
    [[nodiscard]] std::chrono::nanoseconds longest() const { return longest_; }

  private:
    std::array<std::uint64_t, bounds.size() + 1> buckets_{};
    std::uint64_t crowded_out_ = 0;
    std::chrono::nanoseconds sum_{};
    std::chrono::nanoseconds longest_{};
};

/// loop.run(), with each turn measured; returns when nothing is left to do, and throws what a handler throws. It wakes
/// nobody, and costs a look at the clock for each turn and, twice a millisecond at most and around each sleep, a call
/// of getrusage. Turns are measured in time that passes. One that was too long is crowded out if the kernel gave the
/// core to others meanwhile, while the thread waited for nothing and used the core for no longer than is allowed. Only
/// of the first turn after the loop slept the processor's time counts, for nothing tells when the kernel woke it.
void run_measured(boost::asio::io_context& loop, loop_latency& into);

} // namespace kyc::async
