// KYCD_PRELOAD_TRACE: what changed below the roots, in order, for the model of power losses (power_model.py).
//
// A record is one line and then its data: OPERATION \t PATH \t OTHER \t BYTES \n DATA \n. Tabs, line feeds and % in
// paths are written as %XX. Operations: create, mkdir, write (OTHER: offset), truncate (OTHER: size), rename (OTHER:
// to), unlink, rmdir, symlink, fsync, syncfs, mark (PATH: its text).
#include "preload.hpp"

#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace kyc::preload {

namespace {

long open_trace() {
    const char* file = from_environment("KYCD_PRELOAD_TRACE");
    if (*file == '\0') return -1;
    return raw_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                    0600);
}

long trace() {
    static const long fd = open_trace();
    return fd;
}

void append_escaped(std::string& line, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        if (c != '\t' && c != '\n' && c != '%') {
            line += c;
            continue;
        }
        line += '%';
        line += digits[static_cast<unsigned char>(c) >> 4];
        line += digits[static_cast<unsigned char>(c) & 15];
    }
}

} // namespace

bool recording() {
    return trace() >= 0;
}

std::unique_lock<std::recursive_mutex> recorded_in_order() {
    static auto* const order = new std::recursive_mutex;
    return recording() ? std::unique_lock(*order) : std::unique_lock<std::recursive_mutex>();
}

void record(std::string_view operation, std::string_view path, std::string_view other, std::string_view data) {
    std::string line(operation);
    line += '\t';
    append_escaped(line, path);
    line += '\t';
    append_escaped(line, other);
    line += '\t';
    line += std::to_string(data.size());
    line += '\n';
    line += data;
    line += '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const long done =
            raw_call(SYS_write, trace(), reinterpret_cast<long>(rest.data()), static_cast<long>(rest.size()));
        if (done <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(done));
    }
}

} // namespace kyc::preload
