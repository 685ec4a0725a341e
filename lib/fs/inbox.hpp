#pragma once
// What waits in the inbox and whether it is ready. Blocking: call it on the pool.

#include "core/case_key.hpp"
#include "core/case_plan.hpp"
#include "core/result.hpp"
#include "core/settings.hpp"
#include "fs/spool_layout.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace kyc::fs {

/// Something in inbox/<folder>/ that may be a case.
struct inbox_entry {
    std::string folder;
    std::string name; ///< raw bytes as on disk: the folder's name, or a flat case's
    bool flat = false;
    bool high_priority = false;
    /// When it was moved or written there, in milliseconds since 1970, as far as its folder's or files' own times tell;
    /// 0: not looked up. It makes no other entry of it, and no larger one: there may be 100,000.
    std::uint64_t dropped_ms : 48 = 0;

    friend auto operator<=>(const inbox_entry& left, const inbox_entry& right) {
        return left.identity() <=> right.identity();
    }

    friend bool operator==(const inbox_entry& left, const inbox_entry& right) {
        return left.identity() == right.identity();
    }

    [[nodiscard]] std::tuple<const std::string&, const std::string&, const bool&, const bool&> identity() const {
        return std::tie(folder, name, flat, high_priority);
    }
};

/// It can be claimed.
struct entry_ready {
    std::vector<std::string> files{}; ///< a flat case's, so that the claim need not read the whole service folder again
};

/// Not a failure: examine again. `retry_in` is when that makes sense without any event.
struct entry_waiting {
    std::string why;                 ///< e.g. "back_id is missing", "front_id.jpg is still being written"
    std::chrono::milliseconds age{}; ///< since anything last changed
    std::chrono::milliseconds retry_in{};
};

/// It is gone (claimed, or taken back by the producer).
struct entry_gone {};

/// It has to go to failed/ as it is.
struct entry_refused {
    failure why;
    std::vector<std::string> files{}; ///< as in entry_ready
};

using examination = std::variant<entry_ready, entry_waiting, entry_gone, entry_refused>;

/// A folder of the inbox that kycd's user may not read, or a link or a file in place of a service's. What lies there is
/// not known, and so it is not gone either.
struct unread_folder {
    std::string folder;
    fault why;
    bool is_service = false; ///< of the settings; else a stranger's
};

/// What a listing found.
struct inbox_list {
    std::vector<inbox_entry> entries;
    std::vector<unread_folder> unread;
};

/// The reader of the inbox. Thread-safe for overlapping examine() calls of different entries; of list() and
/// read_priorities() one alone at a time.
class inbox {
  public:
    virtual ~inbox() = default;

    /// Everything that may be a case, high priority first, then the oldest first. Where there are so many that reading
    /// each case.json would take long, some priorities are not known yet: read_priorities() goes on. A fault means that
    /// the inbox itself could not be read (a vanished mount is a fault, not an empty list). A folder that may not be
    /// read keeps nobody from the others.
    [[nodiscard]] virtual result<inbox_list> list() = 0;

    /// What one folder holds, the oldest first; priorities are not read. Nothing when it has left. A fault also when
    /// only this one may not be read. May overlap with all other calls.
    [[nodiscard]] virtual result<std::vector<inbox_entry>> list_folder(const std::string& folder) = 0;

    /// A fault when the entries of the folder cannot be looked at because it may not be read or entered, or is a link.
    [[nodiscard]] virtual result<void> look_into(const std::string& folder) = 0;

    /// Grows with each entry that a listing looks at. Any thread: tells whether one that takes long still moves.
    [[nodiscard]] virtual std::uint64_t listing_progress() const = 0;

    /// What one piece of reading brought.
    struct urgent_entries {
        std::vector<inbox_entry> found; ///< of high priority, which list() did not know; the oldest first
        bool done = true;               ///< nothing is left to be read until the next list()
    };

    /// Reads the priorities of `changed` and, for some milliseconds, of what list() left unread, the oldest first.
    /// A flat case that changed is read at the next list().
    [[nodiscard]] virtual urgent_entries read_priorities(const std::vector<inbox_entry>& changed) = 0;

    /// Whether one entry is ready by the settings' rule. `renamed_in` is true when an event said that it was moved into
    /// place as a whole: it then need not settle. A fault is the system's.
    [[nodiscard]] virtual result<examination> examine(const inbox_entry& entry, bool renamed_in) = 0;

    /// Forgets what it remembered about an entry (it was claimed).
    virtual void forget(const inbox_entry& entry) = 0;
};

[[nodiscard]] std::unique_ptr<inbox> make_inbox(spool_layout layout, intake_settings rules, service_table services);

} // namespace kyc::fs
