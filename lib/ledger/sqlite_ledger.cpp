// The ledger in SQLite: one row per open case, and every batch of concurrent writes in one commit.
#include "async/blocking_pool.hpp"
#include "async/signal.hpp"
#include "ledger/ledger.hpp"
#include "ledger/sqlite.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <sqlite3.h>

#include <memory>
#include <sys/stat.h>
#include <utility>
#include <variant>

namespace kyc::ledger {

namespace {

namespace json = boost::json;

// Each entry lifts the schema by one version; PRAGMA user_version says how many were applied. Never edit an entry that
// people run.
constexpr const char* migrations[] = {
    R"(CREATE TABLE open_case (
         folder        TEXT NOT NULL,
         name          TEXT NOT NULL,
         service       TEXT NOT NULL,
         lane          TEXT NOT NULL,
         files         TEXT NOT NULL,
         attempts      INTEGER NOT NULL,
         outcome_known INTEGER NOT NULL,
         task_id       TEXT NOT NULL,
         submitted_at  TEXT NOT NULL,
         polls         INTEGER NOT NULL,
         failed_tasks  INTEGER NOT NULL,
         PRIMARY KEY (folder, name)) WITHOUT ROWID, STRICT;
       CREATE TABLE about (
         key   TEXT PRIMARY KEY,
         value TEXT NOT NULL) WITHOUT ROWID, STRICT)",
};

std::string files_to_json(const std::vector<file_facts>& files) {
    json::array list;
    for (const auto& file : files) {
        json::object entry;
        entry["field"] = file.field;
        entry["name"] = file.name;
        entry["bytes"] = file.bytes;
        entry["sha256"] = file.sha256;
        entry["width"] = file.width;
        entry["height"] = file.height;
        list.push_back(std::move(entry));
    }
    return json::serialize(list);
}

std::vector<file_facts> files_from_json(const std::string& text) {
    std::vector<file_facts> files;
    const auto parsed = json::parse(text);
    for (const auto& value : parsed.as_array()) {
        const auto& entry = value.as_object();
        file_facts file;
        file.field = entry.at("field").as_string();
        file.name = entry.at("name").as_string();
        file.bytes = entry.at("bytes").to_number<std::uint64_t>();
        file.sha256 = entry.at("sha256").as_string();
        file.width = entry.at("width").to_number<std::uint32_t>();
        file.height = entry.at("height").to_number<std::uint32_t>();
        files.push_back(std::move(file));
    }
    return files;
}

/// The task id of a row is worth more than its list of files: a bad cell does not cost the record.
std::vector<file_facts> readable_files(const std::string& text) {
    try {
        return files_from_json(text);
    } catch (const std::exception&) {
        return {};
    }
}

/// The connection with its prepared statements; used on the pool, by one thread at a time.
class store {
  public:
    explicit store(const std::filesystem::path& file) : database_(file) {
        database_.execute("PRAGMA journal_mode=WAL");
        database_.execute("PRAGMA synchronous=FULL");
        check_sound();
        migrate();
        put_.emplace(database_.handle(),
                     "INSERT OR REPLACE INTO open_case VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)");
        close_.emplace(database_.handle(), "DELETE FROM open_case WHERE folder = ?1 AND name = ?2");
        ::chmod(file.c_str(), S_IRUSR | S_IWUSR);
    }

    void begin() { database_.execute("BEGIN IMMEDIATE"); }

    void commit() { database_.execute("COMMIT"); }

    void rollback() noexcept {
        try {
            database_.execute("ROLLBACK");
        } catch (const sqlite_error&) {
            // Some errors (a full disk) have rolled back already.
        }
    }

    void put(const case_record& record) {
        put_->bind(1, record.key.folder).bind(2, record.key.name).bind(3, record.service).bind(4, record.lane);
        put_->bind(5, files_to_json(record.files)).bind(6, std::int64_t{record.attempts});
        put_->bind(7, std::int64_t{record.outcome_known ? 1 : 0}).bind(8, record.task_id);
        put_->bind(9, to_iso8601(record.submitted_at)).bind(10, std::int64_t{record.polls});
        put_->bind(11, std::int64_t{record.failed_tasks});
        put_->run();
    }

    void close(const case_key& key) {
        close_->bind(1, key.folder).bind(2, key.name);
        close_->run();
    }

    std::string spool() {
        statement query(database_.handle(), "SELECT value FROM about WHERE key = 'spool'");
        return query.step() ? query.text(0) : std::string();
    }

    void set_spool(const std::string& identity) {
        statement change(database_.handle(), "INSERT OR REPLACE INTO about VALUES ('spool', ?1)");
        change.bind(1, identity).run();
    }

    std::vector<case_record> all() {
        std::vector<case_record> records;
        statement query(database_.handle(),
                        "SELECT folder, name, service, lane, files, attempts, outcome_known, task_id, "
                        "submitted_at, polls, failed_tasks FROM open_case");
        while (query.step()) {
            case_record record;
            record.key = case_key(query.text(0), query.text(1));
            record.service = query.text(2);
            record.lane = query.text(3);
            record.files = readable_files(query.text(4));
            record.attempts = static_cast<std::uint32_t>(query.number(5));
            record.outcome_known = query.number(6) != 0;
            record.task_id = query.text(7);
            record.submitted_at = from_iso8601(query.text(8)).value_or(utc_time{});
            record.polls = static_cast<std::uint32_t>(query.number(9));
            record.failed_tasks = static_cast<std::uint32_t>(query.number(10));
            records.push_back(std::move(record));
        }
        return records;
    }

  private:
    void check_sound() {
        statement check(database_.handle(), "PRAGMA quick_check(1)");
        if (!check.step() || check.text(0) != "ok") throw sqlite_error(SQLITE_CORRUPT, "ledger: quick_check failed");
    }

    void migrate() {
        std::int64_t version = 0;
        {
            statement query(database_.handle(), "PRAGMA user_version");
            if (query.step()) version = query.number(0);
        }
        constexpr auto newest = static_cast<std::int64_t>(std::size(migrations));
        if (version > newest)
            throw sqlite_error(SQLITE_ERROR, "the ledger was written by a newer kycd (schema " +
                                                 std::to_string(version) + ", this one knows " +
                                                 std::to_string(newest) + "): install that one");
        for (; version < newest; ++version) {
            begin();
            database_.execute(migrations[version]);
            database_.execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
            commit();
        }
    }

    database database_;
    std::optional<statement> put_;
    std::optional<statement> close_;
};

class sqlite_ledger final : public ledger {
  public:
    sqlite_ledger(std::unique_ptr<store> records, const boost::asio::any_io_executor& loop, async::blocking_pool& pool)
        : store_(std::move(records)), pool_(pool), committed_(loop) {}

    async::awaitable<result<std::vector<case_record>>> recover() override {
        auto read = [this]() -> result<std::vector<case_record>> {
            try {
                return store_->all();
            } catch (const sqlite_error& error) {
                return error.as_fault();
            }
        };
        co_return co_await pool_.run(read);
    }

    async::awaitable<result<void>> put(case_record record) override {
        auto mine = std::make_shared<write>();
        mine->what = std::move(record);
        return commit(std::move(mine));
    }

    async::awaitable<result<void>> close(case_key key) override {
        auto mine = std::make_shared<write>();
        mine->what = std::move(key);
        return commit(std::move(mine));
    }

    result<void> bind_to_spool(const std::string& identity) override {
        try {
            store_->set_spool(identity);
            return {};
        } catch (const sqlite_error& error) {
            return error.as_fault();
        }
    }

    statistics counted() const override { return counted_; }

  private:
    struct write {
        std::variant<case_record, case_key> what;
        std::optional<result<void>> outcome;
    };

    using batch = std::vector<std::shared_ptr<write>>;

    /// Whoever comes while nothing is being written writes all that has gathered; the others wait for it and look
    /// again.
    async::awaitable<result<void>> commit(std::shared_ptr<write> mine) {
        gathered_.push_back(mine);
        while (!mine->outcome) {
            if (writing_) {
                co_await committed_.wait();
                continue;
            }
            writing_ = true;
            auto taken = std::exchange(gathered_, {});
            auto job = [this, &taken] { return write_all(taken); };
            const auto outcome = co_await pool_.run(job);
            for (auto& each : taken)
                each->outcome = outcome;
            ++counted_.commits;
            counted_.writes += taken.size();
            writing_ = false;
            committed_.notify_all();
        }
        co_return *mine->outcome;
    }

    result<void> write_all(const batch& taken) {
        try {
            store_->begin();
            for (const auto& each : taken) {
                if (const auto* record = std::get_if<case_record>(&each->what)) {
                    store_->put(*record);
                } else {
                    store_->close(std::get<case_key>(each->what));
                }
            }
            store_->commit();
            return {};
        } catch (const sqlite_error& error) {
            store_->rollback();
            return error.as_fault();
        }
    }

    std::unique_ptr<store> store_;
    async::blocking_pool& pool_;
    async::signal committed_;
    batch gathered_;
    bool writing_ = false;
    statistics counted_;
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

} // namespace

result<opened_ledger> open_ledger(const std::filesystem::path& file, const boost::asio::any_io_executor& loop,
                                  async::blocking_pool& pool) {
    try {
        opened_ledger opened;
        std::filesystem::create_directories(file.parent_path());
        std::unique_ptr<store> records;
        try {
            records = std::make_unique<store>(file);
            (void)records->all();
        } catch (const sqlite_error& error) {
            if (!error.is_damage()) throw;
            records.reset();
            opened.set_aside = std::string(error.what()) + "; moved to " + set_aside(file).string();
            records = std::make_unique<store>(file);
        }
        opened.spool = records->spool();
        opened.ledger = std::make_unique<sqlite_ledger>(std::move(records), loop, pool);
        return opened;
    } catch (const sqlite_error& error) {
        return error.as_fault();
    } catch (const std::filesystem::filesystem_error& error) {
        return fault(error.code(), "make the ledger " + file.string());
    }
}

} // namespace kyc::ledger
