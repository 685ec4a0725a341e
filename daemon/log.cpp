#include "log.hpp"

#include "core/json_text.hpp"
#include "core/plain_text.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace kyc::log {

namespace {

bool as_json = false;
bool beside_progress = false; ///< a progress line shares the terminal

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

/// Whether stderr is the journal's own stream (systemd.exec(5), JOURNAL_STREAM).
bool stderr_is_the_journal() {
    const char* named = std::getenv("JOURNAL_STREAM");

    struct stat info {};

    if (named == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == named;
}

/// The <N> prefix of sd-daemon(3).
class journal_priority final : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& line, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string_view prefix = line.level >= spdlog::level::err    ? "<3>"
                                        : line.level >= spdlog::level::warn ? "<4>"
                                        : line.level >= spdlog::level::info ? "<6>"
                                                                            : "<7>";
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

void set_pattern() {
    auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
    std::string pattern = beside_progress ? "\r\033[K" : "";
    if (as_json) {
        pattern += R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
    } else if (stderr_is_the_journal()) {
        formatter->add_flag<journal_priority>('*');
        pattern += "%*%v";
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

std::string compose(std::string_view message, const fields& about) {
    std::string line;
    if (as_json) {
        line = "\"message\":" + json_quoted(message);
        for (const auto& [name, value] : about)
            line += ",\"" + std::string(name) + "\":" + json_quoted(value);
        return line;
    }
    line = printable(message);
    for (const auto& [name, value] : about) {
        const bool plain = !value.empty() && value.find_first_of(" \"=") == std::string::npos;
        line += ' ';
        line += name;
        line += '=';
        line += plain ? printable(value) : json_quoted(value);
    }
    return line;
}

void write(spdlog::level::level_enum level, std::string_view message, const fields& about) {
    // The line is an argument, never the format: text from outside may hold braces.
    if (logger()->should_log(level)) logger()->log(level, "{}", compose(message, about));
}

} // namespace

void configure(const log_settings& settings) {
    as_json = settings.format == log_format::json;
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
