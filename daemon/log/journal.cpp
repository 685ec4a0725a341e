#include "log/journal.hpp"

#include "core/plain_text.hpp"

#include <cstdlib>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

// Where in the source a line was written says nothing to an operator.
#define SD_JOURNAL_SUPPRESS_LOCATION // NOLINT(*-macro-usage): that is how sd-journal.h is asked
#include <systemd/sd-journal.h>

namespace kyc::log {

namespace {

/// sd_journal_sendv() says that all went well when this is missing, so somebody has to look.
constexpr const char* socket_of_journald = "/run/systemd/journal/socket";

/// The longest name that the journal keeps.
constexpr std::size_t longest_name = 64;

} // namespace

bool stderr_is_the_journal() {
    const char* named = std::getenv("JOURNAL_STREAM");

    struct stat info {};

    if (named == nullptr || ::fstat(STDERR_FILENO, &info) != 0) return false;
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) == named;
}

std::string journal_field(std::string_view name) {
    std::string field = "KYCD_";
    for (const char c : name.substr(0, longest_name - field.size())) {
        const bool small = c >= 'a' && c <= 'z';
        const bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        field += small ? static_cast<char>(c - 'a' + 'A') : plain ? c : '_';
    }
    return field;
}

bool send_to_journal(int priority, std::string_view message, const fields& about) {
    if (::access(socket_of_journald, W_OK) != 0) return false;
    std::vector<std::string> lines{"MESSAGE=" + std::string(message), "PRIORITY=" + std::to_string(priority),
                                   "SYSLOG_IDENTIFIER=kycd"};
    for (const auto& [name, value] : about)
        lines.push_back(journal_field(name) + "=" + printable(value.text()));
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (auto& line : lines)
        parts.push_back({line.data(), line.size()});
    return ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) == 0;
}

} // namespace kyc::log
