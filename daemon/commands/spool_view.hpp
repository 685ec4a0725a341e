#pragma once
// The state of the spool and of each case in it, joined from the folders, the ledger and what the running daemon says:
// what `status`, `list`, `show`, `why` and `retry` share. Everything works with any of the three missing.

#include "commands/case_paper.hpp"
#include "commands/spool_folders.hpp"
#include "core/settings.hpp"
#include "fs/root_mount.hpp"
#include "fs/spool_layout.hpp"
#include "ledger/reader.hpp"
#include "told/known_case.hpp"
#include "told/pauses.hpp"
#include "told/standing.hpp"

#include <boost/json/object.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kyc {

/// One case, one life of it.
struct seen_case {
    case_key key;
    std::string service; ///< canonical, or the folder's name when no service is called so
    standing state = standing::waiting;
    std::optional<utc_time> since; ///< it has been like that
    std::string detail;            ///< the verdict, the code, the task, or what came back last
    std::uint32_t attempts = 0;
    std::uint32_t unknown_outcomes = 0;
    std::string task_id;
    std::filesystem::path place; ///< its folder; of a flat case in the inbox the service's folder
    bool flat = false;
    bool known_to_ledger = false;
};

/// A case as people name it: CASE or SERVICE/CASE.
struct case_words {
    std::string service; ///< a folder's name or a canonical one; empty: any
    std::string name;
};

/// None when it is neither: it has more than one slash, or nothing before or after it.
[[nodiscard]] std::optional<case_words> parse_case_words(std::string_view text);

/// The words under which kycd keeps the case once it has left the inbox: a name that is not acceptable is
/// percent-encoded, every other stays as it is.
[[nodiscard]] case_words as_kept(const case_words& dropped);

/// Where a case lies.
struct found_place {
    standing root = standing::waiting; ///< waiting: inbox, claimed: work, delivered: outbox, failed
    case_key key;                      ///< as it is called there
    std::filesystem::path path;
    utc_time changed{};
    std::optional<fs::inbox_entry> entry; ///< in the inbox
};

/// Which cases. Everything that is set must match.
struct case_query {
    std::optional<standing> state;
    std::string service;            ///< a folder's name or a canonical one; empty: all
    std::optional<utc_time> since;  ///< it has stood there since then, or later
    std::optional<utc_time> before; ///< it stood there before then
    std::string code;               ///< it failed with it; empty: all
    bool open_only = false;         ///< not what has ended
    bool look_inside = false;       ///< tells what is not ready from what waits, which opens everything in the inbox
};

/// A look at the spool, from the outside. What cannot be read is in troubles(), and the rest is told all the same.
/// Blocking.
class spool_view {
  public:
    /// `config` must outlive it.
    explicit spool_view(const settings& config);

    [[nodiscard]] const settings& config() const { return config_; }

    [[nodiscard]] const fs::spool_layout& layout() const { return layout_; }

    /// Whether a daemon holds the spool; none when that cannot be told (no permission).
    [[nodiscard]] std::optional<bool> running() const { return running_; }

    /// "kycd is running (process 4711)" and so on.
    [[nodiscard]] std::string running_words() const;

    /// What it says of itself, "kycd.status/1"; null when it does not answer, or there is none.
    [[nodiscard]] const boost::json::object* live() const { return live_ ? &*live_ : nullptr; }

    /// What is paused now, what holds up most first. Empty also when nothing answers.
    [[nodiscard]] std::vector<pause> pauses() const;

    /// What that daemon knows of one case; none: nothing answers, or it is of another version.
    [[nodiscard]] std::optional<known_case> known(const case_question& about) const;

    /// When the daemon that answers started.
    [[nodiscard]] std::optional<utc_time> started() const { return started_; }

    /// Null when there is no ledger, or none that can be read: ledger_words() says which.
    [[nodiscard]] ledger::reader* ledger() const { return ledger_.get(); }

    [[nodiscard]] const std::string& ledger_words() const { return ledger_words_; }

    /// Sentences about what could not be read.
    [[nodiscard]] const std::vector<std::string>& troubles() const { return troubles_; }

    void add_trouble(std::string sentence);

    /// The root in which `place` would lie, when that is not there now: unmounted, moved or lost, so that a folder that
    /// is not found there may be well. Null: the root is what it was. Such a root is among the troubles.
    [[nodiscard]] const fs::missing_root* missing_root_of(const std::filesystem::path& place) const;

    /// Every case: first those of the ledger in the order in which they were taken, then what lies in the folders
    /// without it, then the inbox. `visit` returns whether to go on.
    void each_case(const case_query& which, const std::function<bool(const seen_case&)>& visit);

    /// Where cases of this name lie now: inbox, work/, outbox/ and failed/, the numbered ones included.
    [[nodiscard]] std::vector<found_place> places_of(const case_words& which);

    /// All lives of this name that the ledger knows, with everything, in the order in which they were taken. Of a name
    /// with a number ("A-1~2") the one that went to a folder of that name.
    [[nodiscard]] std::vector<ledger::case_history> history_of(const case_words& dropped);

    /// How the row of an open case is to be read.
    [[nodiscard]] seen_case open_case(const ledger::case_history& row) const;

    /// The row of one that has ended.
    [[nodiscard]] seen_case ended_case(const ledger::case_history& row) const;

    /// A folder in outbox/ or failed/ that the ledger does not know.
    [[nodiscard]] seen_case ended_folder(const case_folder_entry& entry, bool answered) const;

    /// Whether an entry is incomplete, or still being written; what only has to settle is as good as ready.
    [[nodiscard]] bool is_not_ready(fs::inbox& inbox, const fs::inbox_entry& entry) const;

    /// An entry of the inbox.
    [[nodiscard]] seen_case waiting_case(const fs::inbox_entry& entry, std::optional<utc_time> since) const;

    [[nodiscard]] std::string service_of(const std::string& folder) const;

    /// Whether a case in this folder is meant by a service's word: the folder's own name or the canonical one.
    [[nodiscard]] bool is_of(const std::string& folder, const std::string& service) const;

  private:
    void tell_last(seen_case& seen, const ledger::attempt& last) const;
    void find_daemon();
    void open_ledger();
    void look_for_roots();
    bool each_of_ledger(const case_query& which, const std::function<bool(const seen_case&)>& visit);
    bool each_of_work(const std::function<bool(const seen_case&)>& visit);
    bool each_ended_folder(const std::function<bool(const seen_case&)>& visit);
    bool each_of_inbox(bool look_inside, const std::function<bool(const seen_case&)>& visit);

    const settings& config_;
    fs::spool_layout layout_;
    std::optional<bool> running_;
    long pid_ = 0;
    std::optional<boost::json::object> live_;
    std::optional<utc_time> started_; ///< of the running daemon
    std::unique_ptr<ledger::reader> ledger_;
    std::string ledger_words_;
    std::vector<fs::missing_root> missing_;
    std::vector<std::string> troubles_;
};

} // namespace kyc
