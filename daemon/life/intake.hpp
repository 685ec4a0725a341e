#pragma once
// From the inbox to running cases: what waits, what is examined next, and never more at a time than the limits allow.

#include "async/permits.hpp"
#include "async/task_group.hpp"
#include "figures/progress_marks.hpp"
#include "fs/inbox.hpp"
#include "fs/inbox_watch.hpp"
#include "life/case_world.hpp"
#include "life/waiting_notes.hpp"
#include "log/log.hpp"
#include "told/known_case.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace kyc {

/// An entry that was looked at and is not ready, for the summary.
struct not_ready_entry {
    fs::inbox_entry entry;
    std::string why;
};

/// Feeds the case group. Loop's thread only; the inbox itself is read on the pool.
/// Waiting cases are a few bytes each, not coroutines: capacity is asked for before an entry is even examined.
class intake {
  public:
    /// All references outlive the intake.
    intake(case_world& world, fs::inbox& inbox, async::task_group& cases, const boost::asio::any_io_executor& loop);

    /// Listens to `watch` and scans, for ever. Ends by cancellation only. Run it beside feed().
    [[nodiscard]] async::awaitable<void> listen(fs::inbox_watch& watch);

    /// Takes from the queue whatever the capacity allows, and looks again at what was not ready when its time has come,
    /// for ever. Ends by cancellation only.
    [[nodiscard]] async::awaitable<void> feed();

    /// The notes beside the cases that wait, see waiting_notes: keep() beside listen(), end() when that has ended.
    [[nodiscard]] waiting_notes& notes() { return notes_; }

    /// `run --once`: reads the inbox one time; feed() then takes it all. Entries that only need to settle are looked at
    /// again until they have. drained() tells when nothing is left to be looked at.
    [[nodiscard]] async::awaitable<void> scan_once();

    /// Whether everything that was seen has been taken, refused, or found not ready.
    [[nodiscard]] bool drained() const {
        return queue_is_empty() && examining_.empty() && retries_.empty() && resuming_.empty() && folders_awaited_ == 0;
    }

    /// What is left to be taken: queued, or coming by itself.
    [[nodiscard]] std::size_t left() const;

    /// Whether something waits to be looked at.
    [[nodiscard]] bool has_queued() const { return !queue_is_empty(); }

    /// What waits in one folder of the inbox, as far as it was looked at.
    struct queue_length {
        std::size_t queued = 0;        ///< not looked at yet, or being looked at now
        std::size_t not_ready = 0;     ///< at the last look
        std::size_t not_permitted = 0; ///< of those
        census::service_id service = 0;
    };

    [[nodiscard]] const std::map<std::string, queue_length>& queues() const { return folders_; }

    /// Folders in the inbox that are no service's and that kycd may not read, at the last scan. Those of services are
    /// faults that are waited out.
    [[nodiscard]] std::size_t unread_strangers() const { return strangers_.size(); }

    /// Since when the scan of the inbox stands still though it should not (progress_marks.hpp): a call that does not
    /// come back, or a scan that does not begin. One that meets a fault and tries again does move.
    [[nodiscard]] std::optional<std::chrono::steady_clock::time_point>
    scan_still_since(std::chrono::steady_clock::time_point now);

    /// Listings of the whole inbox, with the waits for one that can be read, until what they found was taken over.
    struct scan_times {
        duration_histogram took{disk_bounds};
        std::optional<std::chrono::system_clock::time_point> last;
    };

    [[nodiscard]] const scan_times& scans() const { return scans_; }

    /// What was found not ready at the last look, by name.
    [[nodiscard]] std::vector<not_ready_entry> not_ready() const;

    /// What is known of an entry; none: it was not seen, or has been taken.
    [[nodiscard]] std::optional<known_entry> look_up(const fs::inbox_entry& entry) const;

    /// Whether the inbox is read again, or watched.
    [[nodiscard]] bool scans_again() const { return !once_; }

  private:
    using place = known_entry::place;

    /// When an entry that is not ready is looked at again.
    struct look_again {
        std::chrono::milliseconds in{};
        bool comes_by_itself = false; ///< nobody has to do anything: `run --once` waits for it
        inbox_wait reason = inbox_wait::not_ready;
        std::optional<std::chrono::steady_clock::time_point> still_since{}; ///< nothing of it had changed since then
    };

    /// Its priority does not make an entry another one.
    struct by_name {
        bool operator()(const fs::inbox_entry& left, const fs::inbox_entry& right) const {
            return std::tie(left.folder, left.name, left.flat) < std::tie(right.folder, right.name, right.flat);
        }
    };

    /// Points to keys of known_, which stay where they are.
    using line = std::list<const fs::inbox_entry*>;
    using retry_times = std::multimap<std::chrono::steady_clock::time_point, const fs::inbox_entry*>;

    /// Of an entry that was looked at.
    struct last_look {
        std::string why;
        std::string said;                          ///< the last reason that was logged aloud
        std::optional<retry_times::iterator> next; ///< while it waits for a time
        inbox_wait reason = inbox_wait::not_ready;
        std::optional<std::chrono::steady_clock::time_point> still_since;
    };

    /// There may be 100,000 of them that were never looked at.
    struct entry_state {
        place where = place::queued;
        bool renamed_in = false;
        bool high_priority = false;
        bool moved = false;       ///< something moved while it was being examined
        bool unfinished = false;  ///< a claim met trouble and may have stopped half way
        line::iterator in_line{}; ///< while it is queued: in urgent_ if it is of high priority, else in ordinary_
        std::unique_ptr<last_look> looked{};
    };

    using entries = std::map<fs::inbox_entry, entry_state, by_name>;

    [[nodiscard]] async::awaitable<void> scan();
    [[nodiscard]] async::awaitable<bool> read_priorities(std::vector<fs::inbox_entry> changed);

    [[nodiscard]] bool queue_is_empty() const { return urgent_.empty() && ordinary_.empty(); }

    [[nodiscard]] async::awaitable<void> take(fs::inbox_entry entry, async::permit before_receipt,
                                              async::permit unanswered);
    [[nodiscard]] async::awaitable<void> resume(case_key key);
    void tell_unread(std::vector<fs::unread_folder> unread);
    void wait_for_folder(const std::string& folder);
    [[nodiscard]] async::awaitable<void> read_when_allowed(std::string folder);
    [[nodiscard]] async::awaitable<void> take_over(std::vector<fs::inbox_entry> listed);
    [[nodiscard]] result<void> check_spool() const;
    [[nodiscard]] result<std::optional<fs::examination>> examine(const fs::inbox_entry& entry, bool renamed_in) const;
    void leave_unread(const fs::inbox_entry& entry);
    void enqueue(fs::inbox_entry entry, bool renamed_in);
    void promote(const fs::inbox_entry& entry);
    [[nodiscard]] static census::stand stand_of(const entries::value_type& known, census::service_id service);
    [[nodiscard]] static bool is_not_permitted(const entry_state& state);
    void count_in(const entries::value_type& known);
    void count_out(const entries::value_type& known);
    void no_retry(entry_state& state);
    void put_back(const fs::inbox_entry& entry, std::string why, look_again when);
    void wait_for(const fs::inbox_entry& entry, std::string why, look_again when, bool loud);
    void drop(const fs::inbox_entry& entry);
    [[nodiscard]] static std::chrono::system_clock::time_point dropped_at(const fs::inbox_entry& entry);
    [[nodiscard]] static log::fields about(const fs::inbox_entry& entry); ///< for its log lines
    [[nodiscard]] bool enough_held_back(const service& target);
    void enqueue_due();

    case_world& world_;
    fs::inbox& inbox_;
    async::task_group& cases_;
    async::signal bell_; ///< the queue or the retry times changed
    entries known_;
    line urgent_; ///< goes first
    line ordinary_;
    retry_times retries_;
    std::map<std::string, queue_length> folders_; ///< what known_ comes to
    std::set<fs::inbox_entry, by_name> examining_;
    waiting_notes notes_;
    std::map<std::string, std::chrono::steady_clock::time_point>
        next_one_more_;               ///< by service, while many of its cases wait for their next try
    std::set<case_key> resuming_;     ///< half claimed, and being put in order
    std::set<std::string> unread_;    ///< services' folders that may not be read, each tried again until it may
    std::size_t folders_awaited_ = 0; ///< of those, and what is being taken over of others
    std::set<std::string> strangers_; ///< see unread_strangers()
    bool once_ = false;
    progress_mark scanning_;
    std::uint64_t listed_ = 0; ///< the inbox's listing progress at the last question
    scan_times scans_;
};

} // namespace kyc
