#include "fs/priorities.hpp"

#include "core/manifest.hpp"
#include "fs/file_state.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace kyc::fs::intake {

namespace {

using std::chrono::steady_clock;

constexpr std::size_t largest_manifest = std::size_t{64} << 10;

/// Time stamps are as coarse as two seconds on some file systems: what changes again within that may look unchanged.
constexpr std::int64_t coarsest_stamp = 3'000'000'000;

} // namespace

bool asks_for_priority(int folder, const std::string& manifest) {
    auto file = read_text(folder, manifest, largest_manifest);
    if (file.has_error() || file->outcome != read_outcome::read) return false;
    // Most files do not say "high"; those with an escape might say it in disguise.
    if (file->text.find("high") == std::string::npos && file->text.find('\\') == std::string::npos) return false;
    const auto said = parse_manifest(file->text);
    return said.has_value() && said->high_priority;
}

const priorities::record* priorities::find(const records& known, std::uint64_t inode) {
    const auto place = std::lower_bound(known.begin(), known.end(), inode,
                                        [](const record& one, std::uint64_t value) { return one.inode < value; });
    return place != known.end() && place->inode == inode ? &*place : nullptr;
}

/// What stays true of it. A folder's case.json may change while the folder does not, so one that is there is looked at
/// each time.
priorities::record priorities::still_known(const record* before, const inbox_listing::item& item) {
    record known = before != nullptr ? *before : record();
    known.is_read = known.is_read && known.changed == item.changed && (item.flat || !known.is_there);
    known.inode = item.inode;
    known.changed = item.changed;
    return known;
}

void priorities::recall(inbox_listing& found) const {
    std::map<std::string, const records*> before;
    for (std::size_t i = 0; i < folders_.size(); ++i)
        before[folders_[i]] = &known_[i];
    for (auto& item : found.items) {
        const auto folder = item.inode == 0 ? before.end() : before.find(found.folders[item.folder]);
        if (folder == before.end()) continue;
        const auto* known = find(*folder->second, item.inode);
        item.high_priority = known != nullptr && known->high_priority;
    }
}

void priorities::expect(inbox_listing found, const std::vector<std::uint32_t>& order) {
    std::map<std::string, records> before;
    for (std::size_t i = 0; i < folders_.size(); ++i)
        before[folders_[i]] = std::move(known_[i]);
    folders_ = std::move(found.folders);
    names_ = std::move(found.names);
    flat_manifests_ = std::move(found.flat_manifests);
    known_.assign(folders_.size(), {});
    std::vector<std::size_t> sizes(folders_.size());
    for (const auto& item : found.items)
        sizes[item.folder] += item.inode != 0;
    for (std::size_t i = 0; i < folders_.size(); ++i)
        known_[i].reserve(sizes[i]);
    for (const auto& item : found.items) {
        if (item.inode == 0) continue;
        known_[item.folder].push_back(still_known(find(before[folders_[item.folder]], item.inode), item));
    }
    for (auto& known : known_) {
        std::sort(known.begin(), known.end(), [](const auto& a, const auto& b) { return a.inode < b.inode; });
    }
    next_ = 0;
    unread_.clear();
    unread_.reserve(order.size());
    for (const auto number : order) {
        const auto& item = found.items[number];
        const auto& known = known_[item.folder];
        const auto* which = item.inode == 0 ? nullptr : find(known, item.inode);
        if (which == nullptr || which->is_read) continue;
        const auto place = static_cast<std::uint32_t>(which - known.data());
        unread_.push_back({place, item.name, item.folder, item.flat});
    }
}

std::vector<inbox_entry> priorities::read(int inbox, std::size_t at_least, steady_clock::duration time) {
    std::vector<inbox_entry> urgent;
    std::vector<unique_fd> open(folders_.size());
    const auto end = steady_clock::now() + time;
    for (std::size_t done = 0; has_unread() && (done < at_least || steady_clock::now() < end); ++done) {
        const auto& which = unread_[next_++];
        auto& folder = open[which.folder];
        if (!folder) folder = open_folder(inbox, folders_[which.folder].c_str());
        if (!folder) continue; // it has left: so have its cases
        if (!look(known_[which.folder][which.known], which, folder.get())) continue;
        urgent.push_back({folders_[which.folder], names_.c_str() + which.name, which.flat, true});
    }
    if (!has_unread()) {
        unread_ = {};
        names_ = {};
        flat_manifests_ = {};
        next_ = 0;
    }
    return urgent;
}

/// The stamp if a later change must differ from it, 0 if not.
std::int64_t priorities::trusted(std::int64_t stamp) const {
    const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(now_().time_since_epoch()).count();
    return now - stamp > coarsest_stamp ? stamp : 0;
}

/// True when it is urgent and was not known to be.
bool priorities::look(record& known, const planned& which, int folder) {
    const std::string name =
        which.flat ? flat_manifests_.at(which.name) : std::string(names_.c_str() + which.name) + "/case.json";
    const auto state = state_of(folder, name);
    const bool was_urgent = known.high_priority;
    known.is_read = true;
    known.changed = trusted(known.changed);
    known.is_there = state.has_value() && *state;
    if (!known.is_there) {
        known.high_priority = false;
        known.manifest = 0;
    } else if (known.manifest == 0 || known.manifest != (*state)->ctime) {
        known.high_priority = asks_for_priority(folder, name);
        known.manifest = trusted((*state)->ctime);
    }
    return known.high_priority && !was_urgent;
}

} // namespace kyc::fs::intake
