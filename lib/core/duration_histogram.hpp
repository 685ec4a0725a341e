#pragma once
// How long something took, counted in classes, as Prometheus has them: cheap to fill, and a copy is all one needs to
// tell it elsewhere.

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

namespace kyc {

/// Upper bounds in seconds, inclusive. What each takes lies well inside: a tenth of the first to beyond the last.
/// What an alert compares a quantile with (config/prometheus/) is one of them: between two, a quantile is a guess.
inline constexpr double disk_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 10, 30};
inline constexpr double call_bounds[] = {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300};
inline constexpr double case_bounds[] = {0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 900, 3600, 21600, 86400};

/// A value: no locks, no clock.
class duration_histogram {
  public:
    /// `bounds` rise, and live as long as the histogram and its copies.
    explicit duration_histogram(std::span<const double> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

    /// A clock that was set back makes nothing faster than at once.
    void add(std::chrono::nanoseconds took);

    /// So many at once in the class that ends with the bound at `place` (the last one has none); for counts that were
    /// kept elsewhere. Their times go into add_sum().
    void add_counted(std::size_t place, std::uint64_t count) { counts_.at(place) += count; }

    void add_sum(std::chrono::nanoseconds times) { sum_ += times; }

    [[nodiscard]] std::span<const double> bounds() const { return bounds_; }

    /// By class, one more than there are bounds; not cumulative.
    [[nodiscard]] const std::vector<std::uint64_t>& counts() const { return counts_; }

    [[nodiscard]] std::chrono::nanoseconds sum() const { return sum_; }

  private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    std::chrono::nanoseconds sum_{0};
};

} // namespace kyc
