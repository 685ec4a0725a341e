#include "fs/inbox_scan.hpp"

#include "core/case_name.hpp"
#include "core/manifest.hpp"
#include "fs/file_state.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

namespace kyc::fs::intake {

namespace {

constexpr std::size_t largest_manifest = std::size_t{64} << 10;

struct aged_entry {
    inbox_entry entry;
    std::int64_t oldest = 0;
};

/// A broken or unreadable case.json is just not urgent; examine() says what is wrong with it.
bool asks_for_priority(int folder, const std::string& manifest) {
    auto file = read_text(folder, manifest, largest_manifest);
    if (file.has_error() || file->outcome != read_outcome::read) return false;
    // Most files do not say "high"; those with an escape might say it in disguise.
    if (file->text.find("high") == std::string::npos && file->text.find('\\') == std::string::npos) return false;
    const auto said = parse_manifest(file->text);
    return said.has_value() && said->high_priority;
}

class folder_scan {
  public:
    folder_scan(int fd, std::string folder, const service& target)
        : fd_(fd), folder_(std::move(folder)), target_(target) {}

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
        for (const auto& [index, manifest] : flat_manifests_) {
            found_[index].entry.high_priority = asks_for_priority(fd_, manifest);
        }
        flat.put(folder_, *stamp, std::move(flat_files_), std::chrono::steady_clock::now() - begun);
        return {};
    }

    [[nodiscard]] std::vector<aged_entry>& found() { return found_; }

  private:
    std::optional<fault> take(const std::string& name) {
        auto state = state_of(fd_, name);
        if (state.has_error()) return state.error();
        if (!*state) return std::nullopt;
        if ((*state)->kind == file_kind::folder) {
            found_.push_back({{folder_, name, false, asks_for_priority(fd_, name + "/case.json")}, (*state)->mtime});
            return std::nullopt;
        }
        auto read = read_flat_name(target_, name);
        const auto [place, is_new] = flat_places_.emplace(read.case_name, found_.size());
        if (is_new) {
            found_.push_back({{folder_, read.case_name, true, false}, (*state)->mtime});
        } else {
            auto& oldest = found_[place->second].oldest;
            oldest = std::min(oldest, (*state)->mtime);
        }
        if (read.what == flat_name::kind::manifest) flat_manifests_.emplace_back(place->second, name);
        flat_files_[read.case_name].push_back(name);
        return std::nullopt;
    }

    int fd_;
    std::string folder_;
    const service& target_;
    std::vector<aged_entry> found_;
    flat_cases flat_files_;
    std::unordered_map<std::string, std::size_t> flat_places_; // case → index in found_
    std::vector<std::pair<std::size_t, std::string>> flat_manifests_;
};

} // namespace

bool is_reserved_folder(std::string_view name) {
    constexpr std::array<std::string_view, 4> others{"reverify", "lost+found", "$RECYCLE.BIN",
                                                     "System Volume Information"};
    return is_junk(name) || std::find(others.begin(), others.end(), name) != others.end();
}

result<std::vector<inbox_entry>> scan_inbox(int root, const service_table& services, flat_index& flat) {
    std::vector<std::string> folders;
    auto read = for_each_name(root, [&](const char* name, unsigned char type) {
        if ((type == DT_DIR || type == DT_UNKNOWN) && !is_reserved_folder(name)) folders.emplace_back(name);
    });
    if (read.has_error()) return read.error();
    flat.keep_only(folders);

    const service nobody;
    std::vector<aged_entry> found;
    for (const auto& folder : folders) {
        const service* known = services.find(folder);
        const unique_fd fd = open_folder(root, folder.c_str());
        if (!fd) {
            const bool nothing_there = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
            const bool not_ours = !known && (errno == EACCES || errno == EPERM);
            if (nothing_there || not_ours) continue;
            return last_fault(errno, "open inbox/" + folder);
        }
        folder_scan scan(fd.get(), folder, known ? *known : nobody);
        if (auto done = scan.run(flat); done.has_error()) {
            return fault(done.error().code, "inbox/" + folder + ": " + done.error().what);
        }
        std::move(scan.found().begin(), scan.found().end(), std::back_inserter(found));
    }
    const auto order = [](const aged_entry& one) {
        return std::tie(one.oldest, one.entry.folder, one.entry.name, one.entry.flat);
    };
    std::sort(found.begin(), found.end(), [&](const aged_entry& a, const aged_entry& b) {
        if (a.entry.high_priority != b.entry.high_priority) return a.entry.high_priority;
        return order(a) < order(b);
    });
    std::vector<inbox_entry> entries;
    entries.reserve(found.size());
    for (auto& one : found)
        entries.push_back(std::move(one.entry));
    return entries;
}

} // namespace kyc::fs::intake
