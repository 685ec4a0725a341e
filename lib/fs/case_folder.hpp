#pragma once
// A case's way through the folders: claim, deliver. Each step is one rename. Blocking: call it on the pool.

#include "core/case_key.hpp"
#include "core/result.hpp"
#include "core/service.hpp"
#include "fs/inbox.hpp"
#include "fs/spool_layout.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kyc::fs {

/// Who may read what kycd makes: 0700/0600, or 2770/0660 with a group.
struct access_rules {
    std::optional<unsigned> group; ///< gid
};

/// A case that lies in work/ and is kycd's alone.
struct claimed_case {
    case_key key;
    std::filesystem::path folder;     ///< work/<folder>/<name>
    bool flat = false;                ///< its files are called <case>.<field>.<ext>
    std::optional<failure> refused{}; ///< why it has to go to failed/ as it is
    /// When it came into work/, as its folder's status tells: of what recover_work() found, never too early.
    std::optional<std::chrono::system_clock::time_point> claimed_at{};
};

/// What an entry is called once it is claimed: its own names, or percent-encoded ones where those are not acceptable.
[[nodiscard]] case_key key_of(const inbox_entry& entry);

/// Makes the four roots, the service folders of the inbox with that of tickets, and kycd's own folders in work/. The
/// inbox is made only if its parent is there: it may be a mount that is missing. Existing folders keep their modes, but
/// for work/, outbox/ and failed/ that belong to kycd and that the group cannot use yet. kycd's own folders in work/
/// are 0700 always. Faults name the path.
[[nodiscard]] result<void> prepare_spool(const spool_layout& layout, const std::vector<std::string>& service_folders,
                                         const access_rules& access);

/// Why an entry was not claimed, without any trouble of the system.
struct claim_refusal {
    enum reason_kind {
        gone,          ///< the entry is not there any more
        occupied,      ///< a case of this name is still in work/: try again when it has left
        not_permitted, ///< kycd's user may not take it: it is in the inbox until somebody mends its permissions
    };

    reason_kind reason = gone;
    std::string why{}; ///< not_permitted: a sentence for whoever mends it

    claim_refusal() = default;

    claim_refusal(reason_kind reason_, std::string why_ = {}) : reason(reason_), why(std::move(why_)) {}

    friend bool operator==(const claim_refusal& refusal, reason_kind expected) { return refusal.reason == expected; }
};

using claim_outcome = boost::system::result<claimed_case, claim_refusal>;

/// Moves an entry from the inbox into work/ without replacing anything. Afterwards a producer cannot touch its names
/// any more. A folder is renamed as it is; of a flat case the files that examine() saw (`seen`), or without them every
/// file that read_flat_name gives to it (an unknown service is read as one without images). An entry that is neither a
/// folder nor flat files (a link, a FIFO) gets a folder around it. A producer's own result.json and error.json become
/// result.json.dropped and so on: those names are kycd's. On another file system: renamed to <inbox>/.kycd/ first, then
/// copied, fsynced, compared by hash and removed. After a fault the entry is in the inbox again, unless that failed
/// too: then resume_claim() or recover_work() finds it. Different entries may be claimed at the same time, the same one
/// may not. `refused` is noted durably before anything moves, so that recovery never takes a refused case for a good
/// one. Where an interrupted claim of the same name is in the way, that one is finished and is the case that is
/// returned.
[[nodiscard]] result<claim_outcome> claim(const spool_layout& layout, const inbox_entry& entry,
                                          const service_table& services, const access_rules& access,
                                          const std::vector<std::string>& seen = {}, const failure* refused = nullptr);

/// After a claim of an entry with this key that ended in a fault, or was found by half_claimed(): finishes it, or gives
/// the case back to the inbox. The case if it has come into work/ by this call or by that claim, and has not been
/// reported before.
[[nodiscard]] result<std::optional<claimed_case>> resume_claim(const spool_layout& layout, const case_key& key,
                                                               const access_rules& access);

/// The cases that interrupted claims have left between inbox and work/, with those whose claims are under way.
[[nodiscard]] result<std::vector<case_key>> half_claimed(const spool_layout& layout);

/// Makes every claim that has returned so far survive a power cut, with the bytes of all its files, though the
/// producers never synced them. For before the first submit: a claim that is undone after one would be claimed, and
/// paid, again, and an answer is worth little beside empty images. One call serves any number of cases: while it runs
/// others gather for the next. After a fault nothing may be concluded for the claims it was called for; it can be
/// called again.
[[nodiscard]] result<void> settle_claims(const spool_layout& layout);

/// Undoes or finishes what a crash left half claimed or half delivered, then lists what lies in work/. Before anything
/// else runs. A half-assembled flat case goes back to the inbox, or on into work/ when one of its names is taken there.
/// One case that cannot be put in order does not stop the others: it stays where it is and a sentence about it goes to
/// `strays`, as do things in work/ that are no cases. Idempotent. A fault means that a root cannot be read.
[[nodiscard]] result<std::vector<claimed_case>> recover_work(const spool_layout& layout, const access_rules& access,
                                                             std::vector<std::string>* strays = nullptr);

/// Writes `text` as `name` into the case's folder: temporary file, fsync, rename, fsync of the folder.
[[nodiscard]] result<void> write_in_case(const claimed_case& which, const std::string& name, const std::string& text,
                                         const access_rules& access);

/// The text of a file that kycd wrote into the case's folder before; none if there is none, or if it is another user's.
[[nodiscard]] result<std::optional<std::string>> read_in_case(const claimed_case& which, const std::string& name);

/// A case on its way out of work/.
struct departure {
    claimed_case which;
    bool answered = false; ///< to outbox/, else to failed/

    /// Where it went, once it has left. A fault means that it is still in work/, and that it can depart again.
    result<std::filesystem::path> where = fault();
    bool needs_copy = false; ///< deliver() could not move it: its way out is on another file system
};

/// Moves whole folders into outbox/<folder>/ or failed/<folder>/, never over another (`<case>~2`), and fsyncs both
/// parents: each parent once, for all that came through it. Before that, everything in a case gets the modes of
/// `access` as far as permitted. Tells in `where` and `needs_copy` what became of each.
void deliver(const spool_layout& layout, const access_rules& access, const std::vector<departure*>& leaving);

/// For a departure that needs a copy: to <outbox>/.kycd/, fsynced, compared, one rename, and only then removed from
/// work/. Different cases may be copied at the same time.
void deliver_elsewhere(const spool_layout& layout, const access_rules& access, departure& leaving);

} // namespace kyc::fs
