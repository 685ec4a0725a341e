#pragma once
// What a run has done so far: for the summary, the progress line and the exit code.

#include "async/signal.hpp"
#include "core/answer.hpp"
#include "core/failure.hpp"

#include <chrono>
#include <cstdint>
#include <map>

namespace kyc {

/// Counters of one process. Loop's thread only.
class tally {
  public:
    explicit tally(const boost::asio::any_io_executor& loop) : changed(loop) {}

    void claimed() { progress(++claimed_); }

    void resumed() { progress(++resumed_); }

    void submitted() { progress(++submitted_); }

    void answered(verdict value) { progress(++verdicts_[value]); }

    /// A case that an earlier process had answered already was delivered.
    void delivered_late() { progress(++delivered_late_); }

    void failed(failure_code code) { progress(++failures_[code]); }

    void failed_late() { progress(++failed_late_); }

    /// A submit of which nobody knows whether the API accepted it.
    void unknown_outcome() { progress(++unknown_outcomes_); }

    /// A case was answered from an earlier one with the same bytes.
    void duplicate() { progress(++duplicates_); }

    /// A case came into hand or ended.
    void opened() { ++open_; }

    void closed() {
        --open_;
        changed.notify_all();
    }

    [[nodiscard]] std::uint64_t taken() const { return claimed_ + resumed_; }

    /// Of those, the ones that an earlier process had claimed.
    [[nodiscard]] std::uint64_t taken_over() const { return resumed_; }

    [[nodiscard]] std::uint64_t submissions() const { return submitted_; }

    [[nodiscard]] std::uint64_t unknown_outcomes() const { return unknown_outcomes_; }

    [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }

    [[nodiscard]] std::uint64_t open() const { return open_; }

    [[nodiscard]] std::uint64_t delivered() const {
        std::uint64_t sum = delivered_late_;
        for (const auto& [value, count] : verdicts_)
            sum += count;
        return sum;
    }

    [[nodiscard]] std::uint64_t failed() const {
        std::uint64_t sum = failed_late_;
        for (const auto& [code, count] : failures_)
            sum += count;
        return sum;
    }

    [[nodiscard]] const std::map<verdict, std::uint64_t>& verdicts() const { return verdicts_; }

    [[nodiscard]] const std::map<failure_code, std::uint64_t>& failures() const { return failures_; }

    /// When a case last moved from one state to the next.
    [[nodiscard]] std::chrono::steady_clock::time_point last_progress() const { return last_progress_; }

    /// Notified at every change.
    async::signal changed;

  private:
    void progress(std::uint64_t) {
        last_progress_ = std::chrono::steady_clock::now();
        changed.notify_all();
    }

    std::uint64_t claimed_ = 0;
    std::uint64_t resumed_ = 0;
    std::uint64_t submitted_ = 0;
    std::uint64_t unknown_outcomes_ = 0;
    std::uint64_t duplicates_ = 0;
    std::uint64_t open_ = 0;
    std::uint64_t delivered_late_ = 0;
    std::uint64_t failed_late_ = 0;
    std::map<verdict, std::uint64_t> verdicts_;
    std::map<failure_code, std::uint64_t> failures_;
    std::chrono::steady_clock::time_point last_progress_ = std::chrono::steady_clock::now();
};

} // namespace kyc
