#pragma once
// How long to wait: backoff between attempts and the exponential plan of polls. Pure arithmetic; randomness comes in as
// a number.

#include "core/settings.hpp"

#include <chrono>
#include <cstddef>
#include <functional>

namespace kyc {

/// A random number in [0, 1).
using random_unit = std::function<double()>;

/// Full jitter: uniform in [0, min(max, base·2^failures)), never under a tenth of base. `failures` counts from 1.
[[nodiscard]] std::chrono::milliseconds backoff_delay(const retry_settings& rules, std::size_t failures, double random);

/// How long to sleep before poll number `polls_done` + 1 by the exponential plan: `first` if it is given, then `min`,
/// min·factor, … up to `max`. The jitter is ± its share of the delay.
[[nodiscard]] std::chrono::milliseconds poll_delay(const poll_settings& plan, std::size_t polls_done, double random);

} // namespace kyc
