#pragma once
// The inotify watches of the inbox: which folder each belongs to, and what an event means. Knows no event loop.

#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/file_state.hpp"
#include "fs/inbox_watch.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

struct inotify_event;

namespace kyc::fs::intake {

/// Puts each moved entry once into the answer. An event after a rename means that the case is still being filled.
class change_collector {
  public:
    explicit change_collector(inbox_changes& into) : into_(into) {}

    void add(inbox_entry entry, bool renamed_in);

    void need_scan() { into_.scan_needed = true; }

    [[nodiscard]] bool found_something() const { return into_.scan_needed || !into_.changed.empty(); }

  private:
    inbox_changes& into_;
    std::map<inbox_entry, std::size_t> places_;
};

/// Watches the inbox's root, its service folders and the case folders that are being filled.
class inotify_tree {
  public:
    inotify_tree(std::filesystem::path root, service_table services);

    /// Opens inotify and watches what is there. A fault when the kernel refuses (no inotify left, no watch left) or the
    /// root cannot be opened.
    [[nodiscard]] result<void> open();

    /// Non-blocking; owned by the tree.
    [[nodiscard]] int descriptor() const { return inotify_.get(); }

    /// Whether the watched root is what the path names now: not after a removal, a move or a mount over it.
    [[nodiscard]] bool is_current() const;

    /// Forgets all watches and watches again what is there now.
    [[nodiscard]] result<void> arm();

    /// Takes what is queued, but no more than some dozens of events, for it runs on the loop's thread and a producer
    /// may have moved thousands of cases: the descriptor then stays readable. An overflow asks for a scan and arms
    /// again.
    [[nodiscard]] result<void> drain(change_collector& changes);

    /// Some service folder could not be watched: its events are lost until the next scan.
    [[nodiscard]] bool is_partial() const { return partial_; }

    /// Some service folder may not be read, and is not watched until watch_unread() finds that it may.
    [[nodiscard]] bool has_unread() const { return !unread_.empty(); }

    /// Tries again to watch what could not be read. True when one is watched now: what came before needs a scan.
    [[nodiscard]] bool watch_unread();

  private:
    enum class level { root, service, case_folder };

    struct watched {
        level what = level::root;
        std::string folder;
        std::string name;
    };

    [[nodiscard]] result<int> add_watch(int parent, const char* name, std::uint32_t mask);
    [[nodiscard]] result<void> watch_service(int root, const std::string& folder);
    void watch_case(int service_folder, const std::string& folder, const std::string& name);
    void watch_case(const std::string& folder, const std::string& name);
    void drop(int descriptor);
    void drop_case(const std::string& folder, const std::string& name);
    void drop_service(const std::string& folder);

    void take(const inotify_event& event, const std::string& name, change_collector& changes);
    void take_in_root(const inotify_event& event, const std::string& name, change_collector& changes);
    void take_in_service(const inotify_event& event, const std::string& folder, const std::string& name,
                         change_collector& changes);

    std::filesystem::path path_;
    service_table services_;
    unique_fd inotify_;
    unique_fd root_;
    std::unordered_map<int, watched> watches_;
    std::map<std::pair<std::string, std::string>, int> cases_;
    bool partial_ = false;
    std::set<std::string> unread_; ///< service folders
};

} // namespace kyc::fs::intake
