#pragma once
// Which waiting cases ask to go first. To read the case.json of 100,000 cases takes longer than to list them, so it is
// done after the listing, a piece at a time, and what has not changed is not read again.

#include "fs/inbox.hpp"
#include "fs/inbox_scan.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kyc::fs::intake {

/// What was read of each case.json, for as long as its case is listed: 32 bytes each. For one thread at a time.
class priorities {
  public:
    /// `now` is the system's time, by which files that have just changed are told from those that rest.
    explicit priorities(std::function<std::chrono::system_clock::time_point()> now) : now_(std::move(now)) {}

    /// Marks what is known to be urgent.
    void recall(inbox_listing& found) const;

    /// Forgets what is not listed any more, and plans to read what is new or may have changed, in this order.
    void expect(inbox_listing found, const std::vector<std::uint32_t>& order);

    /// Reads on for `time`, but no fewer than `at_least`, and returns the cases that turned out to be urgent.
    /// `inbox` is open. What cannot be read is not urgent: examine() says what is wrong with it.
    [[nodiscard]] std::vector<inbox_entry> read(int inbox, std::size_t at_least,
                                                std::chrono::steady_clock::duration time);

    /// Whether something that was planned has not been read yet.
    [[nodiscard]] bool has_unread() const { return next_ < unread_.size(); }

  private:
    /// Of one case.json. A time of change that is too young to be trusted is kept as 0, so that none matches it.
    struct record {
        std::uint64_t inode = 0;   ///< of the case's folder; of the file itself for a flat case
        std::int64_t changed = 0;  ///< the ctime of that inode when the file was looked for
        std::int64_t manifest = 0; ///< the ctime of the file when it was read
        bool is_read = false;      ///< since `changed`
        bool is_there = false;     ///< there is a case.json
        bool high_priority = false;
    };

    /// Sorted by inode.
    using records = std::vector<record>;

    struct planned {
        std::uint32_t known = 0; ///< place in the folder's records
        std::uint32_t name = 0;  ///< of the entry, where it begins in names_
        std::uint32_t folder = 0;
        bool flat = false;
    };

    [[nodiscard]] static const record* find(const records& known, std::uint64_t inode);
    [[nodiscard]] static record still_known(const record* before, const inbox_listing::item& item);
    [[nodiscard]] std::int64_t trusted(std::int64_t stamp) const;
    [[nodiscard]] bool look(record& known, const planned& which, int folder);

    std::function<std::chrono::system_clock::time_point()> now_;
    std::vector<std::string> folders_;
    std::vector<records> known_; ///< of folders_
    std::vector<planned> unread_;
    std::size_t next_ = 0; ///< in unread_
    std::string names_;    ///< each ends with a NUL
    std::unordered_map<std::uint32_t, std::string> flat_manifests_;
};

/// Whether this case.json asks for it. A broken or unreadable one does not.
[[nodiscard]] bool asks_for_priority(int folder, const std::string& manifest);

} // namespace kyc::fs::intake
