// kycd-preload.so: where paths are told apart, and calls are counted. See preload.hpp.
#include "preload.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

namespace kyc::preload {

namespace {

constexpr std::string_view own_descriptors = "/proc/self/fd/";

std::vector<std::string> read_roots() {
    std::vector<std::string> roots;
    std::string_view rest = from_environment("KYCD_PRELOAD_ROOT");
    while (!rest.empty()) {
        const auto colon = rest.find(':');
        if (const auto root = rest.substr(0, colon); !root.empty()) roots.emplace_back(root);
        rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
    }
    return roots;
}

/// Never destroyed: threads may call until the very end of the process.
const std::vector<std::string>& roots() {
    static const auto* list = new std::vector<std::string>(read_roots());
    return *list;
}

struct counter {
    char name[24];
    std::uint64_t calls;
};

/// Shared with the file, so that the numbers outlive any kind of end. Null without KYCD_PRELOAD_COUNTS.
counter* open_counters() {
    const char* file = from_environment("KYCD_PRELOAD_COUNTS");
    if (*file == '\0') return nullptr;
    const long fd = raw_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(file), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    constexpr std::size_t size = sizeof(counter) * call_names.size();
    if (fd < 0 || raw_call(SYS_ftruncate, fd, static_cast<long>(size)) != 0) return nullptr;
    const long at = raw_call(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    raw_call(SYS_close, fd);
    if (at == -1) return nullptr;
    auto* table = reinterpret_cast<counter*>(at);
    for (std::size_t i = 0; i < call_names.size(); ++i)
        std::strncpy(table[i].name, call_names[i], sizeof table[i].name - 1);
    return table;
}

counter* counters() {
    static counter* const table = open_counters();
    return table;
}

} // namespace

void* next_symbol(const char* name) {
    void* found = ::dlsym(RTLD_NEXT, name);
    if (found == nullptr) {
        std::fprintf(stderr, "kycd-preload: libc has no %s\n", name);
        std::abort();
    }
    return found;
}

long raw_call(long number, long a, long b, long c, long d, long e, long f) {
    // Not ::syscall, which is one of ours.
    static const auto real = next<long(long, ...)>("syscall");
    return real(number, a, b, c, d, e, f);
}

const char* from_environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

bool counting() {
    return counters() != nullptr;
}

bool without_syncs() {
    static const bool set = *from_environment("KYCD_PRELOAD_NOSYNC") != '\0';
    return set;
}

void play_share(std::string_view path, struct statfs* found) {
    static const bool set = *from_environment("KYCD_PRELOAD_NFS") != '\0';
    if (set && is_ours(path)) found->f_type = NFS_SUPER_MAGIC;
}

bool idle() {
    static const bool nothing = !injecting() && !counting() && !recording();
    return nothing;
}

std::string path_of(int descriptor) {
    const errno_keeper keep;
    const std::string link = std::string(own_descriptors) + std::to_string(descriptor);
    std::array<char, 4096> target;
    const long size = raw_call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>(link.c_str()),
                               reinterpret_cast<long>(target.data()), target.size());
    if (size <= 0 || target[0] != '/') return {};
    return {target.data(), static_cast<std::size_t>(size)};
}

std::string path_at(int parent, const char* name) {
    if (name == nullptr) return {};
    std::string_view rest = name;
    std::string base;
    if (rest.starts_with(own_descriptors)) {
        rest.remove_prefix(own_descriptors.size());
        base = path_of(std::atoi(rest.data()));
        const auto slash = rest.find('/');
        rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    } else if (rest.starts_with('/')) {
        return name;
    } else if (parent == AT_FDCWD) {
        std::array<char, 4096> here;
        const errno_keeper keep;
        if (raw_call(SYS_getcwd, reinterpret_cast<long>(here.data()), here.size()) <= 0) return {};
        base = here.data();
    } else {
        base = path_of(parent);
    }
    if (base.empty() || rest.empty() || rest == ".") return base;
    while (rest.starts_with("./"))
        rest.remove_prefix(2);
    return base + '/' + std::string(rest);
}

bool is_ours(std::string_view path) {
    for (const auto& root : roots()) {
        if (path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/')) return true;
    }
    return false;
}

void count(call what) {
    if (auto* table = counters(); table != nullptr)
        __atomic_fetch_add(&table[static_cast<unsigned>(what)].calls, 1, __ATOMIC_RELAXED);
}

int meet(call what, std::string_view path, bool* half) {
    if (idle() || !is_ours(path)) return 0;
    count(what);
    return injected(what, path, half);
}

} // namespace kyc::preload
