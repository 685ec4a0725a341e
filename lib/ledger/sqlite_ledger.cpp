// The ledger in SQLite: what comes while a commit runs shares the next one.
#include "async/group_work.hpp"
#include "core/fault_point.hpp"
#include "ledger/lasting_place.hpp"
#include "ledger/ledger.hpp"
#include "ledger/reserve.hpp"
#include "ledger/rows.hpp"
#include "ledger/salvage.hpp"
#include "ledger/soundness.hpp"
#include "ledger/store.hpp"
#include "ledger/ticket_rows.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <unistd.h>
#include <utility>
#include <variant>

namespace kyc::ledger {

namespace {

struct intent {
    case_record record;
    std::optional<duplicate_facts> duplicate; ///< what was found
};

/// A case of a ticket.
struct ticket_ending {
    std::int64_t ticket;
    ticket_case which;
    std::optional<closed_case> closed;
};

struct remark {
    case_key key;
    event what;
};

struct lesson {
    std::string service;
    std::string learnt;
};

/// One change, and what became of it.
struct change {
    std::variant<intent, case_record, closed_case, ticket_ending, remark, lesson> what;
    result<void> done{};
};

class sqlite_ledger final : public ledger, private ticket_book {
  public:
    sqlite_ledger(std::unique_ptr<store> records, const std::filesystem::path& file,
                  const std::filesystem::path& reserve_file, const boost::asio::any_io_executor& loop,
                  async::blocking_pool& pool, std::size_t writers)
        : store_(std::move(records)), file_(file), place_(file), reserve_(reserve_file), pool_(pool),
          changes_(loop, pool, async::gathering::for_disk(writers)) {
        // A full disk is no reason not to start; it is tried again when it is needed.
        static_cast<void>(reserve_.prepare());
    }

    /// After the pool's last work. A file that was found damaged is read as a whole at the next start.
    ~sqlite_ledger() override {
        if (!damaged_) static_cast<void>(guarded([this] { store_->set_about("clean", "yes"); }));
    }

    sqlite_ledger(const sqlite_ledger&) = delete;
    sqlite_ledger& operator=(const sqlite_ledger&) = delete;

    async::awaitable<result<std::vector<case_record>>> recover() override {
        auto read = [this] {
            if (const auto ready = reserve_.read(); !ready) return result<std::vector<case_record>>(ready.error());
            return guarded([this] {
                take_over_reserve();
                return store_->open_cases();
            });
        };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<std::optional<duplicate_facts>>> put_intent(case_record record) override {
        change mine{intent{std::move(record), {}}};
        auto made = co_await changes_.join(std::move(mine), write_all_);
        if (!made.done) co_return made.done.error();
        co_return std::move(std::get<intent>(made.what).duplicate);
    }

    async::awaitable<result<void>> put(case_record record) override { return commit({std::move(record)}); }

    async::awaitable<result<void>> close(case_record record, case_end end) override {
        return commit({closed_case{std::move(record), std::move(end)}});
    }

    void note(const case_key& key, event what) override { changes_.leave({remark{key, std::move(what)}}); }

    void keep_answer_times(const std::string& service, std::string learnt) override {
        changes_.leave({lesson{service, std::move(learnt)}});
    }

    async::awaitable<result<std::map<std::string, std::string>>> answer_times() override {
        auto read = [this] { return guarded([this] { return store_->answer_times(); }); };
        co_return co_await pool_.run(read);
    }

    async::awaitable<void> flush() override {
        co_await changes_.flush(write_all_);
        auto look = [this] {
            const auto done = guarded([this] { put_back_if_lost(); });
            if (!done || misplaced_) tell_commit(done ? std::nullopt : std::optional(done.error()));
            misplaced_ = !done;
            return misplaced_;
        };
        (void)co_await pool_.run(look);
    }

    async::awaitable<result<std::optional<earlier_answer>>> answered(std::string fingerprint, utc_time since) override {
        auto read = [this, &fingerprint, since] {
            return guarded([&] { return store_->answered(fingerprint, since); });
        };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<void>> forget_answers(utc_time before) override {
        auto change = [this, before] {
            return guarded([&] {
                store_->forget_answers(before);
                store_->wipe(store_->file().changes() > 0);
            });
        };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<std::vector<ended_row>>> ended_before(std::optional<utc_time> delivered,
                                                                  std::optional<utc_time> failed, std::int64_t after,
                                                                  std::size_t most) override {
        auto read = [=, this] { return guarded([&] { return store_->ended_before(delivered, failed, after, most); }); };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<void>> reduce(std::vector<std::int64_t> rows) override {
        auto change = [this, &rows] {
            return guarded([&] {
                store_->begin();
                for (const auto id : rows)
                    store_->reduce(id);
                store_->commit();
                store_->wipe(!rows.empty());
            });
        };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<std::size_t>> add_ended(std::vector<case_history> cases) override {
        auto change = [this, &cases] {
            return guarded([&] {
                store_->begin();
                const auto is_new = [this](const case_history& each) { return store_->add_ended(each); };
                const auto added = std::count_if(cases.begin(), cases.end(), is_new);
                store_->commit();
                return static_cast<std::size_t>(added);
            });
        };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<void>> rebuilt() override {
        auto change = [this] { return guarded([&] { store_->set_about("rebuild", ""); }); };
        co_return co_await pool_.run(change);
    }

    ticket_book& tickets() override { return *this; }

    async::awaitable<result<std::vector<ticket_standing>>> open_tickets() override {
        auto read = [this] { return guarded([this] { return read_tickets(store_->file(), true); }); };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<std::optional<ticket_record>>> ended_ticket(std::string name) override {
        auto read = [this, &name] { return guarded([&] { return read_ended_ticket(store_->file(), name); }); };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<std::int64_t>> put_ticket(ticket_record what) override {
        auto change = [this, &what] { return guarded([&] { return insert_or_update_ticket(store_->file(), what); }); };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<void>> add_ticket_cases(std::int64_t ticket, std::vector<ticket_case> cases) override {
        auto change = [this, ticket, &cases] {
            return guarded([&] {
                store_->begin();
                insert_ticket_cases(store_->file(), ticket, cases);
                store_->commit();
            });
        };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<void>> delete_ticket(std::int64_t ticket) override {
        auto change = [this, ticket] { return guarded([&] { remove_ticket(store_->file(), ticket); }); };
        co_return co_await pool_.run(change);
    }

    async::awaitable<result<std::vector<ticket_case>>> ticket_cases(std::int64_t ticket, std::uint64_t after,
                                                                    std::size_t most, bool waiting) override {
        auto read = [=, this] {
            return guarded([&] { return read_ticket_cases(store_->file(), ticket, after, most, waiting); });
        };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<void>> end_ticket_case(std::int64_t ticket, ticket_case which,
                                                   std::optional<closed_case> closed) override {
        return commit({ticket_ending{ticket, std::move(which), std::move(closed)}});
    }

    async::awaitable<result<void>> forget_tickets(utc_time before) override {
        auto change = [this, before] {
            return guarded([&] {
                delete_tickets_before(store_->file(), before);
                store_->wipe(store_->file().changes() > 0);
            });
        };
        co_return co_await pool_.run(change);
    }

    result<void> bind_to_spool(const std::string& identity, bool history_lost,
                               const std::vector<case_record>& adopted) override {
        return guarded([&] {
            store_->begin();
            std::map<case_key, case_record> known;
            for (auto& record : store_->open_cases())
                known.emplace(record.key, std::move(record));
            for (const auto& record : adopted) {
                const auto found = known.find(record.key);
                if (found == known.end()) {
                    store_->put(record);
                } else if (found->second.task_id().empty() && !found->second.outcome_unknown()) {
                    store_->put(doubted(std::move(found->second), record));
                }
            }
            store_->set_about("spool", identity);
            if (history_lost) store_->set_about("rebuild", "yes");
            store_->commit();
        });
    }

    statistics counted() const override { return {changes_.rounds(), changes_.items(), changes_.durations()}; }

    std::optional<fault> commit_fault() const override {
        const std::lock_guard lock(commit_fault_mutex_);
        return commit_fault_;
    }

    std::optional<std::chrono::steady_clock::time_point> busy_since() const override { return changes_.busy_since(); }

  private:
    /// What was read out of a damaged file may be old, or not all there: that a case was never sent, or refused, does
    /// not mean that it was not sent after that.
    static case_record doubted(case_record old, const case_record& lost) {
        const auto earlier = old.last ? std::max(old.last->number, old.attempts) : old.attempts;
        old.last = lost.last;
        old.last->number = earlier + 1;
        ++old.attempts;
        return old;
    }

    /// SQLite's errors as faults; whatever was begun is rolled back.
    template<class Work>
    auto guarded(Work work) -> result<std::invoke_result_t<Work>> {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
                work();
                return {};
            } else {
                return work();
            }
        } catch (const sqlite_error& error) {
            store_->rollback();
            damaged_ = damaged_ || error.is_damage();
            return error.as_fault();
        }
    }

    async::awaitable<result<void>> commit(change mine) {
        const auto made = co_await changes_.join(std::move(mine), write_all_);
        co_return made.done;
    }

    void write_all(const std::vector<change*>& taken) {
        auto done = guarded([&] {
            put_back_if_lost();
            store_->begin();
            for (auto* each : taken)
                write_one(*each);
            store_->commit();
        });
        if (done) {
            fault_point("ledger.committed");
            if (!reserve_.empty()) forget_reserved(taken);
        } else {
            keep_receipts(taken);
        }
        for (auto* each : taken)
            each->done = done;
        tell_commit(done ? std::nullopt : std::optional(done.error()));
    }

    void tell_commit(std::optional<fault> met) {
        const std::lock_guard lock(commit_fault_mutex_);
        commit_fault_ = std::move(met);
    }

    /// What is written to a file that somebody has removed is lost with the process. Throws sqlite_error.
    void put_back_if_lost() {
        if (!place_.is_lost()) return;
        place_.put_back(store_->file());
        store_ = std::make_unique<store>(file_);
        place_ = lasting_place(file_);
    }

    void write_one(change& made) {
        auto& what = made.what;
        if (auto* begun = std::get_if<intent>(&what)) {
            begun->duplicate = store_->put_intent(begun->record);
        } else if (const auto* record = std::get_if<case_record>(&what)) {
            store_->put(*record);
        } else if (const auto* ended = std::get_if<closed_case>(&what)) {
            store_->close(ended->record, ended->end);
        } else if (const auto* of_ticket = std::get_if<ticket_ending>(&what)) {
            put_ticket_end(store_->file(), of_ticket->ticket, of_ticket->which);
            if (of_ticket->closed) store_->close(of_ticket->closed->record, of_ticket->closed->end);
        } else if (const auto* said = std::get_if<remark>(&what)) {
            store_->note(said->key, said->what);
        } else {
            const auto& learned = std::get<lesson>(what);
            store_->put_answer_times(learned.service, learned.learnt);
        }
    }

    void keep_receipts(const std::vector<change*>& taken) {
        for (const auto* each : taken) {
            const auto* record = std::get_if<case_record>(&each->what);
            // Failing leaves it where it was: in memory, in the log, and tried again with the next commit.
            if (record != nullptr && !record->task_id().empty()) static_cast<void>(reserve_.keep(*record));
        }
    }

    void forget_reserved(const std::vector<change*>& taken) {
        for (const auto* each : taken) {
            if (const auto* record = std::get_if<case_record>(&each->what)) reserve_.drop(record->key);
            if (const auto* ended = std::get_if<closed_case>(&each->what)) reserve_.drop(ended->record.key);
            if (const auto* ended = std::get_if<ticket_ending>(&each->what); ended != nullptr && ended->closed)
                reserve_.drop(ended->closed->record.key);
        }
    }

    /// Receipts of an earlier process that the file could not take then.
    void take_over_reserve() {
        if (reserve_.empty()) return;
        const auto open = store_->open_cases();
        const auto kept = reserve_.kept();
        store_->begin();
        for (auto receipt : kept) {
            const auto same = [&receipt](const case_record& record) { return record.key == receipt.key; };
            const auto known = std::find_if(open.begin(), open.end(), same);
            if (known == open.end() && store_->knows_task(receipt.last->task_id)) continue; // it has ended
            if (known != open.end()) {
                // Of an earlier case of this name, kept by a disk that did not let go of it. (A case whose history was
                // lost has no fingerprint, and no time of its own.)
                const bool history_lost = known->fingerprint.empty();
                const auto at = [](const case_record& record) { return to_milliseconds(record.taken_at); };
                if (!history_lost && at(*known) != at(receipt)) continue;
                // A later attempt was begun knowingly; the same one whose outcome is known has this receipt already.
                const auto number = known->last && !history_lost ? known->last->number : 0;
                const bool same_attempt = number == receipt.last->number;
                if (number > receipt.last->number || !known->outcome_unknown()) continue;
                auto merged = *known;
                if (same_attempt) receipt.last->sent = known->files();
                merged.last = receipt.last;
                merged.attempts = std::max(merged.attempts, receipt.attempts);
                receipt = std::move(merged);
            }
            store_->put(receipt);
        }
        store_->commit();
        for (const auto& receipt : kept)
            reserve_.drop(receipt.key);
    }

    struct round {
        sqlite_ledger* owner;

        void operator()(const std::vector<change*>& taken) const { owner->write_all(taken); }
    };

    std::unique_ptr<store> store_; ///< used on the pool only, after the start
    std::filesystem::path file_;
    lasting_place place_;    ///< likewise
    bool misplaced_ = false; ///< likewise: the last look could not put it back
    reserve reserve_;        ///< likewise
    async::blocking_pool& pool_;
    async::group_work<change> changes_;
    round write_all_{this};
    bool damaged_ = false; ///< on the pool, as store_
    mutable std::mutex commit_fault_mutex_;
    std::optional<fault> commit_fault_; ///< written on the pool, read on the loop
};

/// Moves the file with its WAL out of the way; returns its new name.
std::filesystem::path set_aside(const std::filesystem::path& file) {
    for (int n = 1;; ++n) {
        auto aside = file;
        aside += ".damaged-" + std::to_string(n);
        if (std::filesystem::exists(aside)) continue;
        std::filesystem::rename(file, aside);
        for (const char* suffix : {"-wal", "-shm"}) {
            std::error_code absent;
            std::filesystem::rename(file.string() + suffix, aside.string() + suffix, absent);
        }
        return aside;
    }
}

/// Open, and read as far as a start needs it. A page of the schema that the disk did not give for a moment looks like
/// damage: only what is found wrong twice is set aside.
std::unique_ptr<store> open_sound(const std::filesystem::path& file) {
    const auto open = [&file] {
        auto records = std::make_unique<store>(file);
        (void)records->open_cases();
        return records;
    };
    try {
        return open();
    } catch (const sqlite_error& error) {
        if (!error.is_damage()) throw;
    }
    read_through(file);
    return open();
}

/// SQLite calls a file or folder that this process may not write "a readonly database" or "unable to open"; none when
/// the permissions are not what it failed at.
std::optional<fault> permission_fault(const std::filesystem::path& file) {
    const auto folder = file.parent_path();
    if (::faccessat(AT_FDCWD, folder.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
        return last_fault(EACCES, "write in the ledger's folder " + folder.string());
    if (::faccessat(AT_FDCWD, file.c_str(), R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES)
        return last_fault(EACCES, "read and write the ledger " + file.string());
    return std::nullopt;
}

} // namespace

result<opened_ledger> open_ledger(const std::filesystem::path& file, const std::filesystem::path& reserve_file,
                                  const boost::asio::any_io_executor& loop, async::blocking_pool& pool,
                                  std::size_t writers) {
    try {
        opened_ledger opened;
        std::filesystem::create_directories(file.parent_path());
        std::unique_ptr<store> records;
        try {
            records = open_sound(file);
        } catch (const sqlite_error& error) {
            if (!error.is_damage()) throw;
            const auto aside = set_aside(file);
            records = std::make_unique<store>(file);
            const auto saved = salvage(aside, records->file());
            opened.set_aside = std::string(error.what()) + "; moved to " + aside.string() + ", " +
                               std::to_string(saved) + " of its cases could be read and were taken over";
        }
        opened.spool = records->about("spool");
        opened.to_be_rebuilt = records->about("rebuild") == "yes";
        opened.ledger = std::make_unique<sqlite_ledger>(std::move(records), file, reserve_file, loop, pool, writers);
        return opened;
    } catch (const sqlite_error& error) {
        return permission_fault(file).value_or(error.as_fault());
    } catch (const std::filesystem::filesystem_error& error) {
        return fault(error.code(), "make the ledger " + file.string());
    }
}

} // namespace kyc::ledger
