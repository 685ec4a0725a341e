#pragma once
// The full scan of the inbox.

#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/flat_index.hpp"
#include "fs/inbox.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace kyc::fs::intake {

/// Whether a folder directly in the inbox is something else than a service's: kycd's own, or a file system's litter.
[[nodiscard]] bool is_reserved_folder(std::string_view name);

/// What a full scan saw, in the disk's order: some 50 bytes each, for there may be 100,000.
struct inbox_listing {
    struct item {
        std::int64_t oldest = 0;  ///< mtime, for a flat case the oldest of its files'
        std::uint64_t inode = 0;  ///< of the folder, or of a flat case's <case>.json; 0 when that has none
        std::int64_t changed = 0; ///< ctime of that inode
        std::uint32_t name = 0;   ///< where its name begins
        std::uint32_t folder = 0; ///< place in folders
        bool flat = false;
        bool high_priority = false;
        std::uint64_t dropped_ms : 48 = 0; ///< see inbox_entry
    };

    std::vector<std::string> folders;
    std::vector<item> items;
    std::string names;                                             ///< each ends with a NUL
    std::unordered_map<std::uint32_t, std::string> flat_manifests; ///< by where the case's name begins: <case>.json's
    std::vector<unread_folder> unread;                             ///< of those, some entries may be there

    [[nodiscard]] const char* name_of(const item& which) const { return names.c_str() + which.name; }

    [[nodiscard]] inbox_entry entry_of(const item& which) const {
        return {folders[which.folder], name_of(which), which.flat, which.high_priority, which.dropped_ms};
    }
};

/// Everything that may be a case; priorities are not read. `flat` learns which files belong together; `looked_at` is
/// counted up by one for each entry.
[[nodiscard]] result<inbox_listing> scan_inbox(int root, const service_table& services, flat_index& flat,
                                               std::atomic<std::uint64_t>& looked_at);

/// Likewise for one folder, into `found`: also that it may not be read.
[[nodiscard]] result<void> scan_folder(int root, const std::string& folder, const service_table& services,
                                       inbox_listing& found, flat_index& flat, std::atomic<std::uint64_t>& looked_at);

/// The places of the items as inbox::list() orders them: high priority first, then the oldest first.
[[nodiscard]] std::vector<std::uint32_t> order_of(const inbox_listing& found);

} // namespace kyc::fs::intake
