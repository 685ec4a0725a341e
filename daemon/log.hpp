#pragma once
// The daemon's log: lines in the journal or on stderr, text or JSON, each with the case it is about. The only file that
// knows spdlog is log.cpp.

#include "core/settings.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::log {

/// Named values of a line, in this order: service, case, request, code, … Never personal data, never a secret.
using fields = std::vector<std::pair<std::string_view, std::string>>;

/// Call once at the start, and again after a reload. Under systemd (JOURNAL_STREAM names stderr) lines go to the
/// journal with their priority and each field as one of the journal's (journal.hpp). While its socket takes nothing
/// they go to stderr all the same, with the <N> of sd-daemon(3) in front and without the time, which the journal adds
/// to both. `format` says what the line itself looks like, wherever it goes.
void configure(const log_settings& settings);

/// While set, each line first wipes the progress line that shares the terminal.
void share_terminal_with_progress(bool sharing);

void debug(std::string_view message, const fields& about = {});
void info(std::string_view message, const fields& about = {});
void warning(std::string_view message, const fields& about = {});
void error(std::string_view message, const fields& about = {});

} // namespace kyc::log
