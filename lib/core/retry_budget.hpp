#pragma once
// How much repeating all cases together may cost before it is held back (design section 8, retry.budget). Pure; time
// and chance come in.

#include "core/breaker.hpp"
#include "core/settings.hpp"

#include <cstddef>
#include <optional>

namespace kyc {

/// A bucket of tokens, as the AWS SDKs and gRPC throttle retries: a repeat that fails costs five, a call that succeeds
/// pays one back, a repeat that succeeds five. While it is empty nobody fails: repeats go one at a time, spaced by the
/// backoff, until half of the budget has been paid back. First tries are never held up by it.
class retry_budget {
  public:
    static constexpr std::size_t cost = 5;

    explicit retry_budget(const retry_settings& rules) : rules_(rules), left_(rules.budget) {}

    /// What was spent stays spent.
    void set_rules(const retry_settings& rules);

    /// For repeats only. None: go, after take(). Else when to ask again; until_notified while one is under way.
    [[nodiscard]] std::optional<steady_time> wait_until(steady_time now) const;

    /// Marks a repeat as begun; only when wait_until() is none. True: it is the one that an empty budget lets through.
    [[nodiscard]] bool take();

    /// That one was not made after all: the next one may.
    void give_back() { one_is_under_way_ = false; }

    /// A repeat failed. True when that emptied the budget.
    bool failed(steady_time now, double random);

    /// A call was answered usefully. True when that ended the holding back.
    bool succeeded(bool repeat);

    [[nodiscard]] bool is_empty() const { return empty_; }

    /// Tokens, of rules.budget.
    [[nodiscard]] std::size_t left() const { return left_; }

  private:
    retry_settings rules_;
    std::size_t left_;
    bool empty_ = false;
    bool one_is_under_way_ = false;
    std::size_t failed_while_empty_ = 0;
    steady_time next_at_{};
};

} // namespace kyc
