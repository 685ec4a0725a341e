#include "fs/inbox.hpp"

#include "core/case_name.hpp"
#include "fs/inbox_clock.hpp"
#include "fs/inbox_scan.hpp"
#include "fs/layout_check.hpp"
#include "fs/mount_kind.hpp"
#include "fs/priorities.hpp"
#include "fs/readiness.hpp"
#include "fs/root_mount.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

namespace kyc::fs {

namespace {

using namespace intake;
using std::chrono::milliseconds;

/// What names an entry; its priority does not.
using entry_key = std::tuple<std::string, std::string, bool>;

entry_key key_of(const inbox_entry& entry) {
    return {entry.folder, entry.name, entry.flat};
}

/// So many priorities a listing reads in any case: the order of a small inbox is exact.
constexpr std::size_t read_at_once = 256;

/// A piece of the reading that goes on afterwards. Others wait for the pool's threads, too.
constexpr std::size_t read_in_a_piece = 16;
constexpr milliseconds piece_of_reading{20};

/// What is remembered of an entry between two looks.
struct memory {
    std::uint64_t fingerprint = 0;
    std::chrono::steady_clock::time_point unchanged_since;
    std::uint64_t last_look = 0; ///< a count, to tell looks before a scan from looks during it
    known_hashes hashes;
};

/// Hands the names that were looked at to whoever claims the case.
void name_files(examination& judged, const case_sight& sight, const inbox_entry& entry) {
    std::vector<std::string> names;
    for (const auto& file : sight.files)
        names.push_back(file.name);
    if (sight.marker) names.push_back(entry.name + ".done");
    if (auto* ready = std::get_if<entry_ready>(&judged))
        ready->files = std::move(names);
    else if (auto* refused = std::get_if<entry_refused>(&judged))
        refused->files = std::move(names);
}

class disk_inbox : public inbox {
  public:
    disk_inbox(spool_layout layout, intake_settings rules, service_table services, inbox_clock clock)
        : layout_(std::move(layout)), rules_(rules), services_(std::move(services)), clock_(std::move(clock)),
          priorities_(clock_.system) {}

    result<inbox_list> list() override {
        const auto begun = next_look();
        const auto root = fs::open_root(layout_, spool_root::inbox);
        if (root.has_error()) return root.error();
        auto found = scan_inbox(root->get(), services_, flat_, listing_progress_);
        if (found.has_error()) return fault(found.error().code, found.error().what + " (" + root_name() + ")");
        priorities_.recall(*found);
        const auto order = order_of(*found);
        inbox_list list;
        list.entries = in_order(*found, order);
        list.unread = std::move(found->unread);
        for (auto& each : list.unread)
            each.why = unread(each);
        priorities_.expect(std::move(*found), order);
        move_ahead(list.entries, priorities_.read(root->get(), read_at_once, clock_.reading_time));
        forget_all_but(list, begun);
        return list;
    }

    result<std::vector<inbox_entry>> list_folder(const std::string& folder) override {
        const auto root = fs::open_root(layout_, spool_root::inbox);
        if (root.has_error()) return root.error();
        inbox_listing found;
        std::atomic<std::uint64_t> looked_at{0}; // no progress of list()
        auto scanned = scan_folder(root->get(), folder, services_, found, flat_, looked_at);
        if (scanned.has_error()) return fault(scanned.error().code, scanned.error().what + " (" + root_name() + ")");
        if (!found.unread.empty()) return unread(found.unread.front());
        return in_order(found, order_of(found));
    }

    result<void> look_into(const std::string& folder) override {
        const auto root = open_root();
        if (root.has_error()) return root.error();
        const unique_fd opened = open_folder(root->get(), folder.c_str());
        const bool may = opened && ::faccessat(opened.get(), ".", X_OK, AT_EACCESS) == 0;
        const std::error_code why(errno, std::system_category());
        if (may || !(is_about_permissions(why) || is_no_folder(why)))
            return {}; // whoever looks at an entry meets all else
        return unread({folder, fault(why, {}), true});
    }

    std::uint64_t listing_progress() const override { return listing_progress_; }

    urgent_entries read_priorities(const std::vector<inbox_entry>& changed) override {
        urgent_entries urgent;
        const auto root = open_root();
        if (root.has_error()) return urgent; // the next listing says why, and plans anew
        urgent.found = priorities_.read(root->get(), read_in_a_piece, piece_of_reading);
        for (const auto& entry : changed) {
            const unique_fd folder = entry.flat ? unique_fd() : open_folder(root->get(), entry.folder.c_str());
            if (folder && asks_for_priority(folder.get(), entry.name + "/case.json")) {
                urgent.found.push_back({entry.folder, entry.name, false, true});
            }
        }
        urgent.done = !priorities_.has_unread();
        return urgent;
    }

    result<examination> examine(const inbox_entry& entry, bool renamed_in) override {
        auto root = open_root();
        if (root.has_error()) return root.error();
        const service* target = services_.find(entry.folder);
        const unique_fd folder = open_folder(root->get(), entry.folder.c_str());
        if (!folder) {
            const auto why = last_fault(errno, "open " + layout_.inbox_service(entry.folder).string());
            if (why.code == std::errc::no_such_file_or_directory) return gone(entry);
            if (!is_no_folder(why.code)) return why;
            if (target == nullptr) return gone(entry);
            return unread({entry.folder, why, true});
        }
        const service nobody;
        auto sight = look_at(folder.get(), entry, target ? *target : nobody, flat_);
        if (sight.has_error()) {
            return fault(sight.error().code, layout_.inbox_service(entry.folder).string() + ": " + sight.error().what);
        }
        if (sight->what == case_sight::presence::gone) return gone(entry);

        const bool shared = clock_.only_observe || network_type(folder.get()).has_value();
        auto known = remember(entry, *sight, !shared);
        quietness time;
        time.quiet = quiet_for(known, *sight, !shared);
        time.renamed_in = renamed_in;
        time.leases = !shared;
        auto judged = judge(entry, *sight, target, services_, rules_, time, known.hashes);
        keep_hashes(entry, std::move(known.hashes));
        if (entry.flat && judged) name_files(*judged, *sight, entry);
        return judged;
    }

    void forget(const inbox_entry& entry) override {
        const std::lock_guard lock(mutex_);
        memories_.erase(key_of(entry));
    }

  private:
    /// With the path, which tells whoever reads the log what to mend.
    [[nodiscard]] fault unread(const unread_folder& which) const {
        const auto path = layout_.inbox_service(which.folder);
        if (is_no_folder(which.why.code))
            if (auto met = not_a_folder(path)) return std::move(*met);
        return fault(which.why.code, "read " + path.string());
    }

    static std::vector<inbox_entry> in_order(const inbox_listing& found, const std::vector<std::uint32_t>& order) {
        std::vector<inbox_entry> entries;
        entries.reserve(order.size());
        for (const auto number : order)
            entries.push_back(found.entry_of(found.items[number]));
        return entries;
    }

    /// Puts what turned out to be urgent behind what was known to be; both are the oldest first.
    static void move_ahead(std::vector<inbox_entry>& entries, const std::vector<inbox_entry>& urgent) {
        if (urgent.empty()) return;
        std::set<entry_key> keys;
        for (const auto& entry : urgent)
            keys.insert(key_of(entry));
        for (auto& entry : entries) {
            if (!entry.high_priority) entry.high_priority = keys.count(key_of(entry)) > 0;
        }
        std::stable_partition(entries.begin(), entries.end(), [](const auto& one) { return one.high_priority; });
    }

    [[nodiscard]] std::string root_name() const { return layout_.roots().inbox.string(); }

    /// The root itself may be a link: it is the operator's, not a producer's.
    [[nodiscard]] result<unique_fd> open_root() const {
        unique_fd root(::open(layout_.roots().inbox.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!root) return last_fault(errno, "open the inbox " + root_name());
        return root;
    }

    examination gone(const inbox_entry& entry) {
        forget(entry);
        return entry_gone{};
    }

    std::uint64_t next_look() {
        const std::lock_guard lock(mutex_);
        return ++looks_;
    }

    /// Compares with the look before and returns what is now known of the entry.
    memory remember(const inbox_entry& entry, const case_sight& sight, bool own_clock) {
        const auto looks = fingerprint(sight.files, own_clock) + (sight.marker ? 1 : 0);
        const auto now = clock_.steady();
        const std::lock_guard lock(mutex_);
        const auto [known, is_new] = memories_.try_emplace(key_of(entry));
        if (is_new || known->second.fingerprint != looks) {
            known->second.fingerprint = looks;
            known->second.unchanged_since = now;
        }
        known->second.last_look = ++looks_;
        return known->second;
    }

    void keep_hashes(const inbox_entry& entry, known_hashes hashes) {
        if (hashes.empty()) return;
        const std::lock_guard lock(mutex_);
        if (const auto known = memories_.find(key_of(entry)); known != memories_.end()) {
            known->second.hashes = std::move(hashes);
        }
    }

    /// On a local file system the ctime says at once how long nothing moved: no program can set it. Where another
    /// machine's clock made it, or it lies in the future, only what we saw ourselves counts.
    [[nodiscard]] milliseconds quiet_for(const memory& known, const case_sight& sight, bool own_clock) const {
        using std::chrono::floor;
        const auto observed = floor<milliseconds>(clock_.steady() - known.unchanged_since);
        if (!own_clock || sight.changed == 0) return observed;
        const auto changed = std::chrono::nanoseconds(sight.changed);
        return std::max(observed, floor<milliseconds>(clock_.system().time_since_epoch() - changed));
    }

    void forget_all_but(const inbox_list& listed, std::uint64_t scan_begun) {
        const std::lock_guard lock(mutex_);
        if (memories_.empty()) return;
        std::set<entry_key> seen;
        for (const auto& entry : listed.entries) {
            if (auto key = key_of(entry); memories_.count(key)) seen.insert(std::move(key));
        }
        std::set<std::string> unread; // what was known of their entries still holds
        for (const auto& each : listed.unread)
            unread.insert(each.folder);
        std::erase_if(memories_, [&](const auto& known) {
            return known.second.last_look < scan_begun && !seen.count(known.first) &&
                   !unread.count(std::get<0>(known.first));
        });
    }

    spool_layout layout_;
    intake_settings rules_;
    service_table services_;
    inbox_clock clock_;
    flat_index flat_;
    priorities priorities_;
    std::atomic<std::uint64_t> listing_progress_{0};
    std::mutex mutex_; // guards what follows
    std::map<entry_key, memory> memories_;
    std::uint64_t looks_ = 0;
};

} // namespace

std::unique_ptr<inbox> make_inbox(spool_layout layout, intake_settings rules, service_table services) {
    return intake::make_inbox(std::move(layout), rules, std::move(services), inbox_clock());
}

std::unique_ptr<inbox> intake::make_inbox(spool_layout layout, intake_settings rules, service_table services,
                                          inbox_clock clock) {
    return std::make_unique<disk_inbox>(std::move(layout), rules, std::move(services), std::move(clock));
}

} // namespace kyc::fs
