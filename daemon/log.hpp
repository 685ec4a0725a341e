#pragma once
// The daemon's log: lines on stderr, text or JSON, each with the case it is about. The only file that knows spdlog is
// log.cpp.

#include "core/settings.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::log {

/// Named values of a line, in this order: service, case, request, code, … Never personal data, never a secret.
using fields = std::vector<std::pair<std::string_view, std::string>>;

/// Call once at the start, and again after a reload. Under systemd (JOURNAL_STREAM names stderr) text lines begin with
/// the <N> of sd-daemon(3) and carry no time, because the journal adds it.
void configure(const log_settings& settings);

/// While set, each line first wipes the progress line that shares the terminal.
void share_terminal_with_progress(bool sharing);

void debug(std::string_view message, const fields& about = {});
void info(std::string_view message, const fields& about = {});
void warning(std::string_view message, const fields& about = {});
void error(std::string_view message, const fields& about = {});

} // namespace kyc::log
