#include "fs/inotify_tree.hpp"

#include "core/case_name.hpp"
#include "fs/inbox_scan.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace kyc::fs::intake {

namespace {

/// Case folders that are watched at a time; for those beyond it the settle re-check does the work.
constexpr std::size_t most_cases = 4096;

constexpr std::uint32_t only_the_folder = IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK;
constexpr std::uint32_t root_events =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF | only_the_folder;
constexpr std::uint32_t service_events = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | only_the_folder;
constexpr std::uint32_t case_events =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | only_the_folder;

/// Room for some dozens of events; a single one needs its name whole, or the read fails.
constexpr std::size_t buffer_size = std::size_t{4} << 10;
static_assert(buffer_size >= sizeof(inotify_event) + NAME_MAX + 1);

bool is_gone(const std::error_code& code) {
    return code.value() == ENOENT || code.value() == ENOTDIR || code.value() == ELOOP;
}

} // namespace

void change_collector::add(inbox_entry entry, bool renamed_in) {
    const auto [place, is_new] = places_.emplace(entry, into_.changed.size());
    if (is_new) {
        into_.changed.push_back({std::move(entry), renamed_in});
    } else {
        into_.changed[place->second].renamed_in = renamed_in;
    }
}

inotify_tree::inotify_tree(std::filesystem::path root, service_table services)
    : path_(std::move(root)), services_(std::move(services)) {}

result<void> inotify_tree::open() {
    inotify_ = unique_fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify_) return last_fault(errno, "inotify_init1");
    return arm();
}

bool inotify_tree::is_current() const {
    struct stat watched_root {};

    struct stat named_root {};

    if (!root_ || ::fstat(root_.get(), &watched_root) != 0 || ::stat(path_.c_str(), &named_root) != 0) return false;
    return watched_root.st_dev == named_root.st_dev && watched_root.st_ino == named_root.st_ino;
}

result<void> inotify_tree::arm() {
    for (const auto& [descriptor, what] : watches_)
        ::inotify_rm_watch(inotify_.get(), descriptor);
    watches_.clear();
    cases_.clear();
    partial_ = false;
    unread_.clear();
    root_ = unique_fd();
    unique_fd root(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return last_fault(errno, "open the inbox " + path_.string());
    auto descriptor = add_watch(root.get(), ".", root_events);
    if (descriptor.has_error()) return descriptor.error();
    watches_[*descriptor] = watched{};
    // Watch the root first, then read it: a folder made in between is seen twice instead of never.
    std::vector<std::string> folders;
    auto read = for_each_name(root.get(), [&](const char* name, unsigned char type) {
        if ((type == DT_DIR || type == DT_UNKNOWN) && !is_reserved_folder(name)) folders.emplace_back(name);
    });
    if (read.has_error()) return read.error();
    for (const auto& folder : folders) {
        if (auto added = watch_service(root.get(), folder); added.has_error()) return added.error();
    }
    root_ = std::move(root);
    return {};
}

result<int> inotify_tree::add_watch(int parent, const char* name, std::uint32_t mask) {
    // Through the open parent, so that no link on the way can lead elsewhere.
    const std::string path = "/proc/self/fd/" + std::to_string(parent) + "/" + name;
    const int descriptor = ::inotify_add_watch(inotify_.get(), path.c_str(), mask);
    if (descriptor < 0) return last_fault(errno, std::string("watch inbox folder ") + name);
    return descriptor;
}

result<void> inotify_tree::watch_service(int root, const std::string& folder) {
    auto descriptor = add_watch(root, folder.c_str(), service_events);
    if (descriptor.has_error()) {
        const auto& code = descriptor.error().code;
        if (is_gone(code)) return {};
        if (!is_about_permissions(code)) return descriptor.error();
        if (services_.find(folder)) unread_.insert(folder);
        return {};
    }
    watches_[*descriptor] = watched{level::service, folder, {}};
    const unique_fd open = open_folder(root, folder.c_str());
    if (!open) return {};
    return for_each_name(open.get(), [&](const char* name, unsigned char type) {
        if (type == DT_DIR && !is_junk(name) && cases_.size() < most_cases) watch_case(open.get(), folder, name);
    });
}

bool inotify_tree::watch_unread() {
    if (!root_) return false;
    const auto tried = std::exchange(unread_, {});
    for (const auto& folder : tried)
        if (watch_service(root_.get(), folder).has_error()) partial_ = true;
    return unread_.size() < tried.size();
}

void inotify_tree::watch_case(int service_folder, const std::string& folder, const std::string& name) {
    // A refusal is no trouble: the settle re-check looks at the case anyway.
    auto descriptor = add_watch(service_folder, name.c_str(), case_events);
    if (descriptor.has_error()) return;
    drop_case(folder, name); // a folder of the same name that has left since
    watches_[*descriptor] = watched{level::case_folder, folder, name};
    cases_[{folder, name}] = *descriptor;
}

void inotify_tree::watch_case(const std::string& folder, const std::string& name) {
    if (cases_.size() >= most_cases || !root_) return;
    const unique_fd open = open_folder(root_.get(), folder.c_str());
    if (open) watch_case(open.get(), folder, name);
}

void inotify_tree::drop(int descriptor) {
    ::inotify_rm_watch(inotify_.get(), descriptor);
    watches_.erase(descriptor);
}

void inotify_tree::drop_case(const std::string& folder, const std::string& name) {
    const auto known = cases_.find({folder, name});
    if (known == cases_.end()) return;
    drop(known->second);
    cases_.erase(known);
}

void inotify_tree::drop_service(const std::string& folder) {
    std::vector<int> gone;
    for (const auto& [descriptor, what] : watches_) {
        if (what.what != level::root && what.folder == folder) gone.push_back(descriptor);
    }
    for (const int descriptor : gone)
        drop(descriptor);
    std::erase_if(cases_, [&](const auto& one) { return one.first.first == folder; });
}

result<void> inotify_tree::drain(change_collector& changes) {
    alignas(inotify_event) std::array<char, buffer_size> buffer;
    ssize_t got = -1;
    do {
        got = ::read(inotify_.get(), buffer.data(), buffer.size());
    } while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN) return {};
    if (got < 0) return last_fault(errno, "read inotify events");
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = buffer.data() + at + sizeof event;
        take(event, event.len > 0 ? std::string(name, ::strnlen(name, event.len)) : std::string(), changes);
        at += sizeof event + event.len;
    }
    return {};
}

void inotify_tree::take(const inotify_event& event, const std::string& name, change_collector& changes) {
    if (event.mask & IN_Q_OVERFLOW) {
        changes.need_scan();
        root_ = unique_fd(); // not current: the next wait arms again, since new folders may have been lost
        return;
    }
    const auto found = watches_.find(event.wd);
    if (found == watches_.end()) return; // an event of a watch that was dropped meanwhile
    const watched where = found->second;
    if (event.mask & (IN_IGNORED | IN_UNMOUNT)) {
        watches_.erase(found);
        if (where.what == level::case_folder) {
            cases_.erase({where.folder, where.name});
        } else {
            changes.need_scan();
        }
        if (where.what == level::root) root_ = unique_fd();
        return;
    }
    switch (where.what) {
    case level::root:
        take_in_root(event, name, changes);
        break;
    case level::service:
        take_in_service(event, where.folder, name, changes);
        break;
    case level::case_folder:
        if (!name.starts_with('.') || name == ".done") changes.add({where.folder, where.name, false, false}, false);
        break;
    }
}

void inotify_tree::take_in_root(const inotify_event& event, const std::string& name, change_collector& changes) {
    if (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
        changes.need_scan();
        root_ = unique_fd();
        return;
    }
    if (is_reserved_folder(name)) return;
    if (!(event.mask & IN_ISDIR)) {
        if (services_.find(name) != nullptr) changes.need_scan(); // a link in place of the folder
        return;
    }
    if (event.mask & IN_MOVED_FROM) drop_service(name);
    if ((event.mask & (IN_CREATE | IN_MOVED_TO)) && root_) {
        if (watch_service(root_.get(), name).has_error()) partial_ = true;
    }
    changes.need_scan();
}

void inotify_tree::take_in_service(const inotify_event& event, const std::string& folder, const std::string& name,
                                   change_collector& changes) {
    if (is_junk(name)) return;
    const bool is_folder = event.mask & IN_ISDIR;
    if (event.mask & IN_MOVED_FROM) {
        // It was claimed, or taken back. A watch goes with its folder: left alone it would tell of our own writes in
        // work/.
        if (is_folder) drop_case(folder, name);
        return;
    }
    const bool moved_in = event.mask & IN_MOVED_TO;
    if (is_folder) {
        if (event.mask & (IN_CREATE | IN_MOVED_TO)) watch_case(folder, name);
        changes.add({folder, name, false, false}, moved_in);
        return;
    }
    const service nobody;
    const service* known = services_.find(folder);
    const auto read = read_flat_name(known ? *known : nobody, name);
    const bool is_whole_case =
        known && known->images.size() == 1 && known->fields.empty() && read.what == flat_name::kind::image;
    changes.add({folder, read.case_name, true, false}, moved_in && is_whole_case);
}

} // namespace kyc::fs::intake
