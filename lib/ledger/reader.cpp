#include "ledger/reader.hpp"

#include "ledger/rows.hpp"
#include "ledger/schema.hpp"
#include "ledger/sqlite.hpp"
#include "ledger/ticket_rows.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace kyc::ledger {

namespace {

/// Rows that are read in one go: a reader that stays in the file keeps the daemon from shortening its WAL.
constexpr std::int64_t page = 500;

std::string advice_for(const sqlite_error& error) {
    if (error.is_damage())
        return "; the next start of 'kycd run' sets it aside and begins a new one, the folders say where each case is";
    switch (error.code & 0xff) {
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return "; run this as kycd's user or as root";
    case SQLITE_BUSY:
        return "; somebody keeps it locked, try again";
    default:
        return "; see 'kycd check'";
    }
}

class sqlite_reader final : public reader {
  public:
    sqlite_reader(std::filesystem::path file, database::opening how)
        : file_(std::move(file)), as_it_lies_(how == database::opening::immutable), database_(file_, how) {}

    read_result<void> list(const case_filter& which, const std::function<bool(case_history)>& visit) override {
        return guarded([&]() -> read_result<void> {
            std::int64_t after = 0;
            for (;;) {
                auto some = cases_after(which, after);
                for (auto& each : some) {
                    after = each.id;
                    if (!visit(std::move(each))) return {};
                }
                if (some.size() < static_cast<std::size_t>(page)) return {};
            }
        });
    }

    read_result<std::vector<case_history>> show(const case_filter& which) override {
        return guarded([&]() -> read_result<std::vector<case_history>> {
            const moment one(database_);
            std::vector<case_history> all;
            for (std::int64_t after = 0;;) {
                auto some = cases_after(which, after);
                const bool last = some.size() < static_cast<std::size_t>(page);
                for (auto& each : some) {
                    after = each.id;
                    add_details(each);
                    all.push_back(std::move(each));
                }
                if (last) return all;
            }
        });
    }

    read_result<std::vector<case_count>> count() override {
        return guarded([&]() -> read_result<std::vector<case_count>> {
            const moment one(database_);
            std::vector<case_count> all;
            statement cases(database_.handle(),
                            "SELECT service, state, count(*), min(taken_at), lane FROM kyc_case "
                            "GROUP BY service, lane, state ORDER BY service, lane DESC, state"); // live, then bulk
            while (cases.step()) {
                case_count each;
                each.service = cases.text(0);
                each.lane = lane_from(cases.text(4));
                each.state = case_state_from(cases.text(1));
                each.cases = static_cast<std::uint64_t>(cases.number(2));
                if (cases.number(3) > 0) each.oldest = from_milliseconds(cases.number(3));
                all.push_back(std::move(each));
            }
            statement unknown(database_.handle(),
                              "SELECT c.service, c.state, count(*), c.lane FROM attempt AS a "
                              "JOIN kyc_case AS c ON c.id = a.case_id "
                              "WHERE a.outcome IN ('unknown', 'no_receipt') GROUP BY c.service, c.lane, c.state");
            while (unknown.step()) {
                for (auto& each : all) {
                    if (each.service == unknown.text(0) && to_string(each.state) == unknown.text(1) &&
                        to_string(each.lane) == unknown.text(3))
                        each.unknown_outcomes = static_cast<std::uint64_t>(unknown.number(2));
                }
            }
            return all;
        });
    }

    read_result<std::uint64_t> ended_since(utc_time since) override {
        return guarded([&]() -> read_result<std::uint64_t> {
            statement query(database_.handle(), "SELECT count(*) FROM kyc_case WHERE state <> 'open' "
                                                "AND state <> 'gone' AND lane = 'live' AND ended_at >= ?1");
            query.bind(1, to_milliseconds(since));
            query.step();
            return static_cast<std::uint64_t>(query.number(0));
        });
    }

    read_result<void> ended(utc_time since, utc_time until,
                            const std::function<void(const ended_case&)>& visit) override {
        return guarded([&]() -> read_result<void> {
            std::int64_t last_end = to_milliseconds(since);
            for (std::int64_t last_id = -1;;) {
                // The words of the index over ends, so that it is used.
                statement query(database_.handle(),
                                "SELECT id, folder, name, service, state, word, taken_at, ended_at FROM kyc_case "
                                "WHERE state <> 'open' AND ended_at >= ?1 AND ended_at < ?2 "
                                "AND (ended_at > ?1 OR id > ?3) AND state <> 'gone' AND lane = 'live' ORDER BY "
                                "ended_at, id LIMIT ?4");
                query.bind(1, last_end);
                query.bind(2, to_milliseconds(until));
                query.bind(3, last_id);
                query.bind(4, page);
                std::vector<ended_case> some;
                while (query.step()) {
                    ended_case each;
                    last_id = query.number(0);
                    each.key = case_key(query.text(1), query.text(2));
                    each.service = query.text(3);
                    each.state = case_state_from(query.text(4));
                    each.word = query.text(5);
                    each.taken_at = from_milliseconds(query.number(6));
                    last_end = query.number(7);
                    each.ended_at = from_milliseconds(last_end);
                    some.push_back(std::move(each));
                }
                for (const auto& each : some)
                    visit(each);
                if (some.size() < static_cast<std::size_t>(page)) return {};
            }
        });
    }

    read_result<std::vector<ticket_standing>> tickets() override {
        return guarded([&]() -> read_result<std::vector<ticket_standing>> {
            const moment one(database_);
            auto tickets = read_tickets(database_, false);
            for (auto& each : tickets)
                each.calls += calls_in_hand(database_, each.about.id);
            return tickets;
        });
    }

    read_result<std::vector<std::string>> tickets_waiting_for(const case_key& which) override {
        return guarded([&]() -> read_result<std::vector<std::string>> {
            statement query(database_.handle(),
                            "SELECT t.name FROM ticket AS t JOIN ticket_case AS c ON c.ticket_id = t.id "
                            "WHERE t.state NOT IN ('selecting', 'ended') AND c.folder = ?1 AND c.place = ?2 "
                            "AND c.end = 'waiting' ORDER BY t.id");
            query.bind(1, which.folder);
            query.bind(2, which.name);
            std::vector<std::string> names;
            while (query.step())
                names.push_back(query.text(0));
            return names;
        });
    }

    read_result<std::map<std::string, std::string>> answer_times() override {
        return guarded(
            [&]() -> read_result<std::map<std::string, std::string>> { return read_answer_times(database_); });
    }

    read_result<std::string> spool() override {
        return guarded(
            [&]() { return read_result<std::string>(boost::system::in_place_value, read_about(database_, "spool")); });
    }

    /// Throws sqlite_error. False: nothing has been written into it yet.
    bool check_version() {
        refuse_newer_schema(database_);
        const auto version = schema_of(database_);
        if (version == 0) return false;
        if (version < newest_schema())
            throw sqlite_error(SQLITE_SCHEMA, "it was written by an older kycd (schema " + std::to_string(version) +
                                                  ", this one knows " + std::to_string(newest_schema()) +
                                                  "); the start of 'kycd run' lifts it");
        return true;
    }

  private:
    /// A read transaction: what is read while it lives is one moment of the file.
    class moment {
      public:
        explicit moment(database& file) : file_(file) { file_.execute("BEGIN"); }

        moment(const moment&) = delete;
        moment& operator=(const moment&) = delete;

        ~moment() {
            try {
                file_.execute("COMMIT");
            } catch (const sqlite_error&) {
                // A read that failed has ended it already.
            }
        }

      private:
        database& file_;
    };

    template<class Work>
    auto guarded(const Work& work) -> decltype(work()) {
        using outcome = decltype(work());
        try {
            return work();
        } catch (const sqlite_error& error) {
            // Opened as it lay there because nobody wrote it: a daemon has started since.
            if (as_it_lies_ && wal_size(file_))
                return outcome(boost::system::in_place_error,
                               file_.string() + " has just been changed by kycd; try again");
            return outcome(boost::system::in_place_error,
                           "the ledger " + file_.string() + " cannot be read: " + error.what() + advice_for(error));
        }
    }

    std::vector<case_history> cases_after(const case_filter& which, std::int64_t after) {
        std::string sql =
            std::string("SELECT ") + case_columns + ", " + attempt_columns +
            ", (SELECT count(*) FROM attempt AS u WHERE u.case_id = c.id AND u.outcome IN ('unknown', 'no_receipt')),"
            " (SELECT count(*) FROM attempt AS t WHERE t.case_id = c.id AND t.outcome IN ('accepted', 'task_failed'))"
            " FROM kyc_case AS c LEFT JOIN attempt AS a ON a.case_id = c.id AND a.number ="
            " (SELECT max(number) FROM attempt AS m WHERE m.case_id = c.id) WHERE c.id > ?1";
        // A literal, so that the index over open cases is used.
        if (which.state) sql += " AND c.state = '" + std::string(to_string(*which.state)) + "'";
        if (!which.service.empty()) sql += " AND c.service = ?2";
        if (!which.name.empty()) sql += " AND c.name = ?3";
        if (!which.folder.empty()) sql += " AND c.folder = ?4";
        if (which.since) sql += " AND CASE c.state WHEN 'open' THEN c.taken_at ELSE c.ended_at END >= ?5";
        sql += " ORDER BY c.id LIMIT " + std::to_string(page);
        statement query(database_.handle(), sql);
        query.bind(1, after);
        if (!which.service.empty()) query.bind(2, which.service);
        if (!which.name.empty()) query.bind(3, which.name);
        if (!which.folder.empty()) query.bind(4, which.folder);
        if (which.since) query.bind(5, to_milliseconds(*which.since));
        std::vector<case_history> some;
        while (query.step()) {
            auto each = read_case(query);
            if (query.number_or_null(case_column_count)) each.about.last = read_attempt(query, case_column_count);
            each.unknown_outcomes = static_cast<std::uint32_t>(query.number(case_column_count + attempt_column_count));
            each.accepted = static_cast<std::uint32_t>(query.number(case_column_count + attempt_column_count + 1));
            some.push_back(std::move(each));
        }
        return some;
    }

    void add_details(case_history& into) {
        statement attempts(database_.handle(), std::string("SELECT ") + attempt_columns +
                                                   " FROM attempt AS a WHERE case_id = ?1 ORDER BY number");
        attempts.bind(1, into.id);
        while (attempts.step())
            into.attempts.push_back(read_attempt(attempts));
        statement events(database_.handle(),
                         "SELECT at, kind, detail, times FROM event WHERE case_id = ?1 ORDER BY id");
        events.bind(1, into.id);
        while (events.step())
            into.events.push_back({from_milliseconds(events.number(0)), events.text(1), events.text(2),
                                   static_cast<std::uint32_t>(events.number(3))});
    }

    static constexpr int attempt_column_count = 8;

    std::filesystem::path file_;
    bool as_it_lies_;
    database database_;
};

/// What keeps everybody from it, before SQLite says less about it.
std::optional<std::string> objection(const std::filesystem::path& file, bool& missing) {
    struct stat found {};

    if (::stat(file.c_str(), &found) != 0) {
        missing = errno == ENOENT;
        if (missing) return std::nullopt;
        return "the ledger " + file.string() + " cannot be read: " + std::strerror(errno) +
               "; run this as kycd's user or as root";
    }
    if (!S_ISREG(found.st_mode))
        return "the ledger " + file.string() + " is no file; correct 'ledger:' in the settings";
    if (::access(file.c_str(), R_OK) != 0)
        return "the ledger " + file.string() + " cannot be read: " + std::strerror(errno) +
               "; run this as kycd's user or as root";
    missing = found.st_size == 0 && !wal_size(file);
    return std::nullopt;
}

} // namespace

read_result<std::optional<std::unique_ptr<reader>>> open_reader(const std::filesystem::path& file) {
    using found = std::optional<std::unique_ptr<reader>>;
    bool missing = false;
    if (const auto why = objection(file, missing)) return *why;
    if (missing) return found();
    const auto ways = ways_to_read(file);
    for (std::size_t i = 0;; ++i) {
        try {
            auto made = std::make_unique<sqlite_reader>(file, ways[i]);
            if (!made->check_version()) return found();
            return found(std::move(made));
        } catch (const sqlite_error& error) {
            if (!error.is_damage() && i + 1 < ways.size()) continue;
            const bool told = (error.code & 0xff) == SQLITE_SCHEMA || (error.code & 0xff) == SQLITE_ERROR;
            return "the ledger " + file.string() + " cannot be read: " + error.what() +
                   (told ? std::string() : advice_for(error));
        }
    }
}

} // namespace kyc::ledger
