#include "log/log.hpp"

#include "core/json_text.hpp"
#include "core/plain_text.hpp"
#include "core/report_json.hpp"
#include "log/journal.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <syslog.h>

namespace kyc::log {

namespace {

bool as_json = false;
bool beside_progress = false; ///< a progress line shares the terminal
bool to_journal = false;      ///< stderr is the journal's stream
bool try_journal = false;     ///< its socket comes first

spdlog::level::level_enum to_spdlog(log_level level) {
    switch (level) {
    case log_level::trace:
        return spdlog::level::trace;
    case log_level::debug:
        return spdlog::level::debug;
    case log_level::info:
        return spdlog::level::info;
    case log_level::warning:
        return spdlog::level::warn;
    case log_level::error:
        return spdlog::level::err;
    }
    return spdlog::level::info;
}

/// syslog(3), and so the journal, has no word for trace.
int priority_of(spdlog::level::level_enum level) {
    return level >= spdlog::level::err    ? LOG_ERR
           : level >= spdlog::level::warn ? LOG_WARNING
           : level >= spdlog::level::info ? LOG_INFO
                                          : LOG_DEBUG;
}

/// The <N> prefix of sd-daemon(3).
class journal_priority final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
        const auto prefix = "<" + std::to_string(priority_of(line.level)) + ">";
        out.append(prefix.data(), prefix.data() + prefix.size());
    }

    [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<journal_priority>();
    }
};

std::shared_ptr<spdlog::logger> logger() {
    static const auto made = [] {
        auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        auto result = std::make_shared<spdlog::logger>("kycd", std::move(sink));
        result->flush_on(spdlog::level::trace);
        return result;
    }();
    return made;
}

/// Of lines on stderr.
void set_pattern() {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    std::string pattern = beside_progress ? "\r\033[K" : "";
    if (to_journal) {
        formatter->add_flag<journal_priority>('*');
        pattern += "%*%v";
    } else if (as_json) {
        pattern += "%v";
    } else {
        pattern += "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    }
    formatter->set_pattern(pattern);
    logger()->set_formatter(std::move(formatter));
}

/// As a JSON string; names in the inbox may be any bytes.
std::string json_quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// The whole line as one object.
std::string compose_json(std::string_view level, std::string_view message, const fields& about) {
    std::string line = R"({"time":")" + to_iso8601(std::chrono::system_clock::now()) + R"(","level":")";
    line += level;
    line += R"(","message":)" + json_quoted(message);
    for (const auto& [name, value] : about)
        line += ",\"" + std::string(name) + "\":" + (value.is_number() ? value.text() : json_quoted(value.text()));
    return line + "}";
}

/// What follows time and level.
std::string compose_text(std::string_view message, const fields& about) {
    std::string line = printable(message);
    for (const auto& [name, told] : about) {
        const auto& value = told.text();
        const bool plain = !value.empty() && value.find_first_of(" \"=") == std::string::npos;
        line += ' ';
        line += name;
        line += '=';
        line += plain ? printable(value) : printable(json_quoted(value));
    }
    return line;
}

void write(spdlog::level::level_enum level, std::string_view message, const fields& about) {
    if (!logger()->should_log(level)) return;
    const auto word = spdlog::level::to_string_view(level);
    const auto line = as_json ? compose_json({word.data(), word.size()}, message, about) : compose_text(message, about);
    if (try_journal && send_to_journal(priority_of(level), line, about)) return;
    // The line is an argument, never the format: text from outside may hold braces.
    logger()->log(level, "{}", line);
}

} // namespace

void configure(const log_settings& settings, log_place otherwise) {
    as_json = settings.format == log_format::json;
    to_journal = stderr_is_the_journal();
    try_journal = to_journal || otherwise == log_place::journal;
    logger()->set_level(to_spdlog(settings.level));
    set_pattern();
}

void share_terminal_with_progress(bool sharing) {
    beside_progress = sharing;
    set_pattern();
}

void debug(std::string_view message, const fields& about) {
    write(spdlog::level::debug, message, about);
}

void info(std::string_view message, const fields& about) {
    write(spdlog::level::info, message, about);
}

void warning(std::string_view message, const fields& about) {
    write(spdlog::level::warn, message, about);
}

void error(std::string_view message, const fields& about) {
    write(spdlog::level::err, message, about);
}

} // namespace kyc::log
