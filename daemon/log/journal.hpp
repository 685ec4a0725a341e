#pragma once
// systemd's journal, where a line of the log keeps its priority and its fields apart.

#include "log/log.hpp"

#include <string>
#include <string_view>

namespace kyc::log {

/// Whether stderr is the journal's own stream (systemd.exec(5), JOURNAL_STREAM).
[[nodiscard]] bool stderr_is_the_journal();

/// The journal's name for a field of ours, one rule for all: KYCD_ and the name in capitals, `KYCD_CASE` for "case".
/// What the journal allows no place for (systemd.journal-fields(7)) becomes `_`.
[[nodiscard]] std::string journal_field(std::string_view name);

/// Hands a line over: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER and each of `about` as a field of its own. `priority` as in
/// syslog(3). False when there is nobody who takes it: it has to go another way then. Any thread.
[[nodiscard]] bool send_to_journal(int priority, std::string_view message, const fields& about);

} // namespace kyc::log
