#pragma once
// The daemon's log: lines in the journal or on stderr, text or JSON, each with the case it is about. The only file that
// knows spdlog is log.cpp.

#include "core/settings.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kyc::log {

/// What a field says. A number is one in the JSON of a line, too.
class field_value {
  public:
    field_value(std::string text) : text_(std::move(text)) {}

    field_value(const char* text) : text_(text) {}

    template<std::integral Number>
    field_value(Number number) : text_(std::to_string(number)), is_number_(true) {}

    [[nodiscard]] const std::string& text() const { return text_; }

    [[nodiscard]] bool is_number() const { return is_number_; }

  private:
    std::string text_;
    bool is_number_ = false;
};

/// Named values of a line, in this order: service, case, request, code, … Never personal data, never a secret.
using fields = std::vector<std::pair<std::string_view, field_value>>;

/// Which log a process writes to when its stderr is not the journal's stream.
enum class log_place {
    stderr_stream,
    journal, ///< the journal's socket; stderr where there is no journal. For a command whose stderr is somebody's
             ///< terminal
};

/// Call once at the start, and again after a reload. Under systemd (JOURNAL_STREAM names stderr) lines go to the
/// journal with their priority and each field as one of the journal's (journal.hpp). While its socket takes nothing
/// they go to stderr all the same, with the <N> of sd-daemon(3) in front and without the time, which the journal adds
/// to both. `format` says what the line itself looks like, wherever it goes.
void configure(const log_settings& settings, log_place otherwise = log_place::stderr_stream);

/// While set, each line first wipes the progress line that shares the terminal.
void share_terminal_with_progress(bool sharing);

void debug(std::string_view message, const fields& about = {});
void info(std::string_view message, const fields& about = {});
void warning(std::string_view message, const fields& about = {});
void error(std::string_view message, const fields& about = {});

} // namespace kyc::log
