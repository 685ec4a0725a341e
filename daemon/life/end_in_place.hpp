#pragma once
// The end of a case that was verified again: its answer takes the old one's place, or the old one stands.

#include "async/awaitable.hpp"
#include "core/failure.hpp"

#include <string>

namespace kyc {

struct case_run;

namespace reverify {

/// The new answer, the text of a result.json: the old one becomes history, the new one takes its place, and how the two
/// differ is noted in the ticket. Durable when it returns.
[[nodiscard]] async::awaitable<void> end_answered(case_run& run, std::string text);

/// No answer: the old one stands. What was sent leaves history/<time>.error.json with this text; what was never sent
/// (its images are not those any more, say) counts as skipped.
[[nodiscard]] async::awaitable<void> end_failed(case_run& run, failure why, std::string text);

/// Its folder has left the outbox meanwhile: skipped, or failed once it was sent.
[[nodiscard]] async::awaitable<void> end_vanished(case_run& run);

/// The case was answered by an earlier process, which did not come to note it: true, and it has ended.
[[nodiscard]] async::awaitable<bool> end_answered_before(case_run& run);

} // namespace reverify

} // namespace kyc
