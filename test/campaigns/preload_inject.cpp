// KYCD_INJECT: makes the Nth call of a kind fail, and some that follow.
#include "preload.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace kyc::preload {

namespace {

constexpr std::array error_names{
    std::pair{"ENOSPC", ENOSPC}, std::pair{"EDQUOT", EDQUOT}, std::pair{"EROFS", EROFS},   std::pair{"EIO", EIO},
    std::pair{"EMFILE", EMFILE}, std::pair{"ENFILE", ENFILE}, std::pair{"EACCES", EACCES}, std::pair{"EPERM", EPERM},
    std::pair{"ENOENT", ENOENT}, std::pair{"ESTALE", ESTALE}, std::pair{"ENOMEM", ENOMEM}, std::pair{"EINTR", EINTR},
    std::pair{"ENODEV", ENODEV}, std::pair{"EBUSY", EBUSY},   std::pair{"EXDEV", EXDEV},   std::pair{"EAGAIN", EAGAIN}};

/// In an errno's place: the call does not come back before KYCD_INJECT_OFF is there, and does its work then.
constexpr std::string_view hang_name = "HANG";

struct plan {
    call what{};
    bool hangs = false;
    bool halves = false; ///< short-write
    int error = 0;
    const char* error_name = "";
    unsigned long first = 1;
    unsigned long many = 1; ///< 0: until KYCD_INJECT_OFF
    std::string path_part;
};

[[noreturn]] void refuse(const char* text) {
    std::fprintf(stderr, "kycd-preload: KYCD_INJECT=%s is not CALL:ERRNO:N:COUNT[:PATHPART]\n", text);
    std::abort();
}

std::optional<plan> read_plan() {
    const char* text = from_environment("KYCD_INJECT");
    if (*text == '\0') return std::nullopt;
    std::vector<std::string> parts;
    std::string_view rest = text;
    while (parts.size() < 4 && rest.find(':') != std::string_view::npos) {
        parts.emplace_back(rest.substr(0, rest.find(':')));
        rest.remove_prefix(rest.find(':') + 1);
    }
    parts.emplace_back(rest);
    if (parts.size() < 4) refuse(text);

    plan made;
    made.halves = parts[0] == "short-write";
    if (made.halves) parts[0] = "write";
    bool known = false;
    for (std::size_t i = 0; i < call_names.size(); ++i) {
        if (parts[0] != call_names[i]) continue;
        made.what = static_cast<call>(i);
        known = true;
    }
    for (const auto& [name, value] : error_names) {
        if (parts[1] != name) continue;
        made.error = value;
        made.error_name = name;
    }
    made.hangs = parts[1] == hang_name;
    if (made.hangs) made.error_name = hang_name.data();
    if (!known || (made.error == 0 && !made.hangs)) refuse(text);
    made.first = std::strtoul(parts[2].c_str(), nullptr, 10);
    made.many = std::strtoul(parts[3].c_str(), nullptr, 10);
    if (parts.size() > 4) made.path_part = parts[4];
    return made;
}

const std::optional<plan>& the_plan() {
    static const auto* read = new std::optional<plan>(read_plan());
    return *read;
}

bool is_there(const char* file) {
    return raw_call(SYS_faccessat, AT_FDCWD, reinterpret_cast<long>(file), F_OK) == 0;
}

/// One write each, to a file opened to append: lines of several threads do not mix.
void say(std::string_view path) {
    static const char* const file = from_environment("KYCD_INJECT_LOG");
    if (*file == '\0') return;
    static const long fd =
        raw_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    std::string line = call_names[static_cast<unsigned>(the_plan()->what)];
    line += ' ';
    line += the_plan()->error_name;
    line += ' ';
    line += path;
    line += '\n';
    raw_call(SYS_write, fd, reinterpret_cast<long>(line.data()), static_cast<long>(line.size()));
}

} // namespace

bool injecting() {
    return the_plan().has_value();
}

int injected(call what, std::string_view path, bool* half) {
    const auto& made = the_plan();
    if (!made || what != made->what) return 0;
    if (!made->path_part.empty() && path.find(made->path_part) == std::string_view::npos) return 0;
    const errno_keeper keep;
    static const char* const on = from_environment("KYCD_INJECT_ON");
    static const char* const off = from_environment("KYCD_INJECT_OFF");
    if (*on != '\0' && !is_there(on)) return 0;
    static std::atomic<unsigned long> met{0};
    const unsigned long number = ++met;
    if (number < made->first) return 0;
    if (made->many != 0 && number >= made->first + made->many) return 0;
    if (made->many == 0 && *off != '\0' && is_there(off)) return 0;
    say(path);
    if (made->hangs) {
        while (*off != '\0' && !is_there(off))
            ::usleep(10'000);
        return 0;
    }
    if (made->halves && half != nullptr && number == made->first) {
        *half = true;
        return 0;
    }
    return made->error;
}

} // namespace kyc::preload
