#include "fs/inbox_scan.hpp"

#include "core/case_name.hpp"
#include "fs/file_state.hpp"
#include "fs/ticket_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

namespace kyc::fs::intake {

namespace {

class folder_scan {
  public:
    folder_scan(int fd, std::uint32_t folder, const service& target, inbox_listing& found,
                std::atomic<std::uint64_t>& looked_at)
        : fd_(fd), folder_(folder), target_(target), found_(found), looked_at_(looked_at) {}

    result<void> run(flat_index& flat) {
        const auto begun = std::chrono::steady_clock::now();
        auto stamp = stamp_of(fd_);
        if (stamp.has_error()) return stamp.error();
        std::optional<fault> trouble;
        auto read = for_each_name(fd_, [&](const char* name, unsigned char) {
            if (!trouble && !is_junk(name)) trouble = take(name);
        });
        if (read.has_error()) return read.error();
        if (trouble) return *trouble;
        flat.put(found_.folders[folder_], *stamp, std::move(flat_files_), std::chrono::steady_clock::now() - begun);
        return {};
    }

  private:
    std::optional<fault> take(const std::string& name) {
        auto state = state_of(fd_, name);
        looked_at_.fetch_add(1, std::memory_order_relaxed);
        if (state.has_error()) return state.error();
        if (!*state) return std::nullopt;
        const auto& seen = **state;
        if (seen.kind == file_kind::folder) {
            add(name, seen, false);
            return std::nullopt;
        }
        auto read = read_flat_name(target_, name);
        const auto [place, is_new] = flat_places_.emplace(read.case_name, found_.items.size());
        if (is_new) add(read.case_name, seen, true);
        auto& item = found_.items[place->second];
        item.oldest = std::min(item.oldest, seen.mtime);
        item.dropped_ms = std::min<std::uint64_t>(item.dropped_ms, dropped_ms(seen)) & longest_time;
        const auto other = found_.flat_manifests.find(item.name);
        const bool is_first = other == found_.flat_manifests.end() || name < other->second;
        // Of two that differ in the letter case of .json the first counts, as for examine().
        if (read.what == flat_name::kind::manifest && is_first) {
            item.inode = seen.inode;
            item.changed = seen.ctime;
            found_.flat_manifests[item.name] = name;
        }
        flat_files_[read.case_name].push_back(name);
        return std::nullopt;
    }

    void add(const std::string& name, const file_state& seen, bool flat) {
        const auto place = static_cast<std::uint32_t>(found_.names.size());
        found_.names.append(name).push_back('\0');
        found_.items.push_back({seen.mtime, flat ? 0 : seen.inode, flat ? 0 : seen.ctime, place, folder_, flat, false,
                                dropped_ms(seen) & longest_time});
    }

    static constexpr std::uint64_t longest_time = (std::uint64_t{1} << 48) - 1;

    /// No program can set a ctime, and a rename into the inbox sets it.
    static std::uint64_t dropped_ms(const file_state& seen) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(seen.ctime, 0)) / 1'000'000;
    }

    int fd_;
    std::uint32_t folder_; // place in found_.folders
    const service& target_;
    inbox_listing& found_;
    std::atomic<std::uint64_t>& looked_at_;
    flat_cases flat_files_;
    std::unordered_map<std::string, std::size_t> flat_places_; // case → index in found_.items
};

} // namespace

bool is_reserved_folder(std::string_view name) {
    constexpr std::array<std::string_view, 4> others{ticket_folder, "lost+found", "$RECYCLE.BIN",
                                                     "System Volume Information"};
    return is_junk(name) || std::find(others.begin(), others.end(), name) != others.end();
}

result<inbox_listing> scan_inbox(int root, const service_table& services, flat_index& flat,
                                 std::atomic<std::uint64_t>& looked_at) {
    std::vector<std::string> folders;
    auto read = for_each_name(root, [&](const char* name, unsigned char type) {
        const bool may_be = type == DT_DIR || type == DT_UNKNOWN || services.find(name) != nullptr;
        if (may_be && !is_reserved_folder(name)) folders.emplace_back(name);
    });
    if (read.has_error()) return read.error();
    flat.keep_only(folders);

    inbox_listing found;
    for (const auto& folder : folders) {
        if (auto done = scan_folder(root, folder, services, found, flat, looked_at); !done) return done.error();
    }
    return found;
}

result<void> scan_folder(int root, const std::string& folder, const service_table& services, inbox_listing& found,
                         flat_index& flat, std::atomic<std::uint64_t>& looked_at) {
    const service nobody;
    const service* known = services.find(folder);
    const auto not_read = [&](fault why) -> result<void> {
        if (!is_about_permissions(why.code) && !is_no_folder(why.code)) return why;
        found.unread.push_back({folder, std::move(why), known != nullptr});
        return {};
    };
    const unique_fd fd = open_folder(root, folder.c_str());
    if (!fd) {
        const auto why = last_fault(errno, "open inbox/" + folder);
        // A link, and what else lies beside the services' folders, is nobody's. In place of one it is waited for.
        if (why.code == std::errc::no_such_file_or_directory || (known == nullptr && is_no_folder(why.code))) return {};
        return not_read(why);
    }
    const auto place = static_cast<std::uint32_t>(found.folders.size());
    found.folders.push_back(folder);
    folder_scan scan(fd.get(), place, known ? *known : nobody, found, looked_at);
    if (auto done = scan.run(flat); done.has_error())
        return not_read(fault(done.error().code, "inbox/" + folder + ": " + done.error().what));
    return {};
}

std::vector<std::uint32_t> order_of(const inbox_listing& found) {
    std::vector<std::uint32_t> order(found.items.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto rank = [&found](const inbox_listing::item& one) {
        return std::tuple(!one.high_priority, one.oldest, std::string_view(found.folders[one.folder]),
                          std::string_view(found.name_of(one)), one.flat);
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return rank(found.items[a]) < rank(found.items[b]); });
    return order;
}

} // namespace kyc::fs::intake
