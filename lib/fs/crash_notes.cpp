#include "fs/crash_notes.hpp"

#include "fs/atomic_file.hpp"
#include "fs/safe_open.hpp"

#include <cerrno>
#include <fcntl.h>
#include <mutex>
#include <sstream>
#include <string>
#include <unistd.h>

namespace kyc::fs {

namespace {

constexpr std::uint64_t max_bytes = 1 << 20;

} // namespace

result<unique_fd> open_crash_notes(const spool_layout& layout) {
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    return open_beneath(*work, layout.crashes_file().filename().string(), O_WRONLY | O_CREAT | O_APPEND, 0600);
}

result<std::map<case_key, crash_count>> read_crash_notes(const spool_layout& layout) {
    std::map<case_key, crash_count> counts;
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto text = read_text(*work, layout.crashes_file().filename().string(), max_bytes);
    if (!text && is_absent(text.error())) return counts;
    if (!text && text.error().code.value() == EFBIG) return counts; // nobody crashes so often: it is not ours
    if (!text) return text.error();
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
        std::string_view rest = line;
        const bool again = rest.starts_with(bulk_mark);
        if (again) rest.remove_prefix(bulk_mark.size());
        const bool has_task = rest.ends_with(task_mark);
        if (has_task) rest.remove_suffix(task_mark.size());
        const auto slash = rest.find('/');
        if (slash == std::string_view::npos) continue;
        auto& count = counts[case_key(std::string(rest.substr(0, slash)), std::string(rest.substr(slash + 1)),
                                      again ? lane::bulk : lane::live)];
        ++(has_task ? count.at_answer : count.before_task);
    }
    return counts;
}

result<void> forget_crashes(const spool_layout& layout, const case_key& which) {
    static std::mutex one_at_a_time; // each reads and writes the whole file
    const std::lock_guard guard(one_at_a_time);
    auto counts = read_crash_notes(layout);
    if (!counts) return counts.error();
    if (counts->erase(which) == 0) return {};
    const auto work = open_folder(layout.roots().work);
    if (!work) return work.error();
    const auto name = layout.crashes_file().filename().string();
    const auto file = open_beneath(*work, name, O_WRONLY | O_TRUNC);
    if (!file) return file.error();
    std::string left;
    for (const auto& [key, count] : *counts) {
        const auto line = std::string(key.lane == lane::bulk ? bulk_mark : "") + key.folder + '/' + key.name;
        for (std::size_t i = 0; i < count.all(); ++i)
            left.append(line).append(i < count.before_task ? "" : task_mark) += '\n';
    }
    if (const int error = write_all(file->get(), std::as_bytes(std::span{left})); error != 0)
        return work->trouble_with(error, "write", name);
    return {};
}

} // namespace kyc::fs
