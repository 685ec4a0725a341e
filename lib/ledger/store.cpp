#include "ledger/store.hpp"

#include "ledger/rows.hpp"
#include "ledger/schema.hpp"
#include "ledger/soundness.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <map>
#include <sys/stat.h>
#include <tuple>
#include <vector>

namespace kyc::ledger {

namespace {

/// What changes of a record while its case is open: so many parameters.
constexpr int bound_by_progress = 7;

void bind_progress(statement& into, int first, const case_record& record) {
    into.bind(first, record.fingerprint).bind(first + 1, std::int64_t{record.attempts});
    into.bind(first + 2, std::int64_t{record.polls}).bind(first + 3, std::int64_t{record.failed_tasks});
    if (record.duplicate_of) {
        into.bind(first + 4, duplicate_to_json(*record.duplicate_of));
    } else {
        into.bind(first + 4, std::optional<std::int64_t>());
    }
    into.bind(first + 5, to_milliseconds(record.next_try));
    into.bind(first + 6, record.ticket == 0 ? std::optional<std::int64_t>() : std::optional(record.ticket));
}

/// The columns that add_case and add_ended bind alike, from parameter 1.
constexpr int bound_by_record = 6 + bound_by_progress;

void bind_record(statement& into, const case_record& record) {
    into.bind(1, record.key.folder).bind(2, record.key.name).bind(3, record.service);
    into.bind(4, to_string(record.key.lane));
    into.bind(5, std::int64_t{record.flat ? 1 : 0}).bind(6, to_milliseconds(record.taken_at));
    bind_progress(into, 7, record);
}

void bind_end(statement& into, int first, const case_end& end) {
    into.bind(first, to_string(end.state)).bind(first + 1, to_milliseconds(end.at)).bind(first + 2, end.word);
    into.bind(first + 3, end.stage).bind(first + 4, end.message).bind(first + 5, end.place);
}

/// 32 bytes for 64 digits.
std::string packed(const std::string& hex) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    return bytes;
}

} // namespace

store::store(const std::filesystem::path& file) : database_(file) {
    database_.execute("PRAGMA journal_mode=WAL");
    database_.execute("PRAGMA synchronous=FULL");
    database_.execute("PRAGMA foreign_keys=ON");
    database_.execute("PRAGMA secure_delete=ON"); // answers that are forgotten are gone from the file
    database_.execute("PRAGMA cache_size=-512");  // KiB; what else is read again is in the system's cache
    check_sound(database_, file);
    migrate(database_);
    ::chmod(file.c_str(), S_IRUSR | S_IWUSR);

    auto* const handle = database_.handle();
    open_id_.emplace(handle, "SELECT id FROM kyc_case WHERE folder = ?1 AND name = ?2 AND lane = ?3 "
                             "AND state = 'open'");
    // No RETURNING: SQLite gathers its rows in a table of their own, a hundred kilobytes each time. No REPLACE where
    // rows are many: it keeps a copy of each page that it might have to undo.
    add_case_.emplace(handle, "INSERT INTO kyc_case (folder, name, service, lane, flat, taken_at, fingerprint, "
                              "attempts, polls, failed_tasks, duplicate_of, next_try, ticket_id) "
                              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
    put_case_.emplace(handle, "UPDATE kyc_case SET fingerprint = ?1, attempts = ?2, polls = ?3, failed_tasks = ?4, "
                              "duplicate_of = ?5, next_try = ?6, ticket_id = coalesce(?7, ticket_id) WHERE id = ?8");
    put_attempt_.emplace(handle, "UPDATE attempt SET sent = ?3, sent_at = ?4, outcome = ?5, ended_at = ?6, "
                                 "http_status = ?7, what = ?8, task_id = ?9 WHERE case_id = ?1 AND number = ?2");
    add_attempt_.emplace(handle, "INSERT INTO attempt (case_id, number, sent, sent_at, outcome, ended_at, "
                                 "http_status, what, task_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    put_image_.emplace(handle, "INSERT OR IGNORE INTO image VALUES (?1, ?2)");
    // The first few only: an image that a producer puts into every case must not make each case read all the others.
    same_image_.emplace(handle, "SELECT c.id, c.name, c.service, c.ended_at, c.state FROM "
                                "(SELECT case_id FROM image WHERE sha256 = ?1 ORDER BY case_id LIMIT 50) AS i "
                                "JOIN kyc_case AS c ON c.id = i.case_id WHERE c.name <> ?2");
    same_fields_.emplace(handle, "SELECT c.id, c.name, c.service, c.ended_at, c.state FROM kyc_case AS c "
                                 "WHERE c.fingerprint = ?1 AND c.fingerprint <> '' AND c.name <> ?2 "
                                 "ORDER BY c.id LIMIT 1");
    end_case_.emplace(handle, "UPDATE kyc_case SET state = ?1, ended_at = ?2, word = ?3, stage = ?4, message = ?5, "
                              "place = ?6, polls = ?7 WHERE id = ?8");
    add_ended_.emplace(handle, "INSERT INTO kyc_case (folder, name, service, lane, flat, taken_at, fingerprint, "
                               "attempts, polls, failed_tasks, duplicate_of, next_try, ticket_id, state, ended_at, "
                               "word, stage, message, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                               "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)");
    put_answer_.emplace(handle, "INSERT OR REPLACE INTO answer VALUES (?1, ?2, ?3)");
    put_event_.emplace(handle, "INSERT INTO event (case_id, at, kind, detail, times) VALUES (?1, ?2, ?3, ?4, ?5)");
    if (about("clean") == "yes") set_about("clean", "");
}

void store::begin() {
    database_.execute("BEGIN IMMEDIATE");
}

void store::commit() {
    database_.execute("COMMIT");
}

void store::rollback() noexcept {
    // A statement that failed half way keeps the transaction from ending.
    for (auto* each : {&open_id_, &add_case_, &put_case_, &add_attempt_, &put_attempt_, &put_image_, &same_image_,
                       &same_fields_, &end_case_, &add_ended_, &put_answer_, &put_event_})
        (*each)->reset();
    try {
        database_.execute("ROLLBACK");
    } catch (const sqlite_error&) {
        // Some errors (a full disk) have rolled back already.
    }
}

std::optional<std::int64_t> store::open_id(const case_key& key) {
    open_id_->bind(1, key.folder).bind(2, key.name).bind(3, to_string(key.lane));
    std::optional<std::int64_t> id;
    if (open_id_->step()) id = open_id_->number(0);
    open_id_->reset();
    return id;
}

std::int64_t store::put_case(const case_record& record) {
    const auto known = open_id(record.key);
    if (known) {
        bind_progress(*put_case_, 1, record);
        put_case_->bind(bound_by_progress + 1, *known).run();
        return *known;
    }
    bind_record(*add_case_, record);
    add_case_->run();
    return database_.last_id();
}

std::int64_t store::add_end(const case_record& record, const case_end& end) {
    bind_record(*add_ended_, record);
    bind_end(*add_ended_, bound_by_record + 1, end);
    add_ended_->run();
    const auto id = database_.last_id();
    if (record.last) put_attempt(id, *record.last);
    put_images(id, record.files());
    return id;
}

void store::put_attempt(std::int64_t id, const attempt& what) {
    for (auto* each : {&put_attempt_, &add_attempt_}) {
        auto& put = **each;
        put.bind(1, id).bind(2, std::int64_t{what.number}).bind(3, sent_to_json(what.sent));
        put.bind(4, to_milliseconds(what.sent_at)).bind(5, to_string(what.outcome));
        put.bind(6, to_milliseconds(what.ended_at));
        put.bind(7, what.http_status ? std::optional<std::int64_t>(*what.http_status) : std::nullopt);
        put.bind(8, what.what).bind(9, what.task_id);
        put.run();
        if (database_.changes() > 0) return;
    }
}

void store::put_images(std::int64_t id, const std::vector<file_facts>& sent) {
    for (const auto& file : sent) {
        put_image_->bind_blob(1, packed(file.sha256)).bind(2, id);
        put_image_->run();
    }
}

std::optional<duplicate_facts> store::sent_earlier(const case_record& record) {
    struct candidate {
        duplicate_facts facts;
        std::size_t common = 0;
    };

    std::map<std::int64_t, candidate> found;
    const auto collect = [&found](statement& query) {
        while (query.step()) {
            auto& entry = found[query.number(0)];
            entry.facts.case_name = query.text(1);
            entry.facts.service = query.text(2);
            if (query.text(4) == "delivered") entry.facts.answered_at = from_milliseconds(query.number(3));
            ++entry.common;
        }
        query.reset();
    };
    const auto sent = record.files();
    for (const auto& file : sent) {
        same_image_->bind_blob(1, packed(file.sha256)).bind(2, record.key.name);
        collect(*same_image_);
    }
    if (sent.empty()) {
        same_fields_->bind(1, record.fingerprint).bind(2, record.key.name);
        collect(*same_fields_);
    }
    // More images in common, then the same service, then the first that was taken (the map's order).
    const auto rank = [&record](const auto& entry) {
        return std::tuple(entry.second.common, entry.second.facts.service == record.service);
    };
    const auto better = [&rank](const auto& left, const auto& right) { return rank(left) < rank(right); };
    const auto best = std::max_element(found.begin(), found.end(), better);
    if (best == found.end()) return std::nullopt;
    return best->second.facts;
}

std::optional<duplicate_facts> store::put_intent(case_record record) {
    // At the first attempt only: what comes while this case is on its way is later than it.
    // A case that is verified again is known as what it was when it came.
    const bool is_new = record.key.lane == lane::live;
    if (is_new && !record.duplicate_of && record.last && record.last->number == 1)
        record.duplicate_of = sent_earlier(record);
    const auto id = put_case(record);
    if (record.last) put_attempt(id, *record.last);
    if (is_new) put_images(id, record.files());
    return record.duplicate_of;
}

void store::put(const case_record& record) {
    const auto id = put_case(record);
    if (record.last) put_attempt(id, *record.last);
}

void store::close(const case_record& record, const case_end& end) {
    auto id = open_id(record.key);
    if (id) {
        bind_end(*end_case_, 1, end);
        end_case_->bind(7, std::int64_t{record.polls}).bind(8, *id).run();
    } else { // it never came to a submit
        id = add_end(record, end);
    }
    if (end.reply.empty()) return;
    put_answer_->bind(1, *id).bind(2, to_milliseconds(end.at)).bind(3, end.reply);
    put_answer_->run();
}

void store::note(const case_key& key, const event& what) {
    const auto id = open_id(key);
    if (!id) return; // it has ended meanwhile, or was not recorded yet
    put_event_->bind(1, *id).bind(2, to_milliseconds(what.at)).bind(3, what.kind).bind(4, what.detail);
    put_event_->bind(5, std::int64_t{what.times});
    put_event_->run();
}

void store::put_answer_times(const std::string& service, const std::string& learnt) {
    statement change(database_.handle(), "INSERT OR REPLACE INTO answer_times VALUES (?1, ?2)");
    change.bind(1, service).bind(2, learnt).run();
}

std::map<std::string, std::string> store::answer_times() {
    return read_answer_times(database_);
}

std::optional<earlier_answer> store::answered(const std::string& fingerprint, utc_time since) {
    statement query(database_.handle(),
                    "SELECT c.folder, c.name, c.service, a.task_id, a.ended_at, r.at, r.reply FROM kyc_case AS c "
                    "JOIN answer AS r ON r.case_id = c.id JOIN attempt AS a ON a.case_id = c.id "
                    "WHERE c.fingerprint = ?1 AND c.state = 'delivered' AND r.at >= ?2 AND a.outcome = 'accepted' "
                    "ORDER BY r.at DESC LIMIT 1");
    query.bind(1, fingerprint).bind(2, to_milliseconds(since));
    if (!query.step()) return std::nullopt;
    earlier_answer found;
    found.key = case_key(query.text(0), query.text(1));
    found.service = query.text(2);
    found.task_id = query.text(3);
    found.submitted_at = from_milliseconds(query.number(4));
    found.answered_at = from_milliseconds(query.number(5));
    found.reply = query.text(6);
    return found;
}

void store::forget_answers(utc_time before) {
    statement change(database_.handle(), "DELETE FROM answer WHERE at < ?1");
    change.bind(1, to_milliseconds(before)).run();
}

void store::wipe(bool forgotten) {
    wiped_ = wiped_ && !forgotten;
    if (wiped_) return;
    try {
        statement fold(database_.handle(), "PRAGMA wal_checkpoint(TRUNCATE)");
        wiped_ = fold.step() && fold.number(0) == 0; // else it was busy
    } catch (const sqlite_error&) {                  // what must not go wrong is durable already
    }
}

std::vector<ended_row> store::ended_before(std::optional<utc_time> delivered, std::optional<utc_time> failed,
                                           std::int64_t after, std::size_t most) {
    statement query(database_.handle(), "SELECT id, state, place FROM kyc_case WHERE id > ?1 AND name <> '' AND "
                                        "state <> 'open' AND ended_at < iif(state = 'delivered', ?2, ?3) "
                                        "ORDER BY id LIMIT ?4");
    // Nothing has ended before the year 1.
    const auto never = std::numeric_limits<std::int64_t>::min();
    query.bind(1, after).bind(2, delivered ? to_milliseconds(*delivered) : never);
    query.bind(3, failed ? to_milliseconds(*failed) : never).bind(4, static_cast<std::int64_t>(most));
    std::vector<ended_row> rows;
    while (query.step())
        rows.push_back({query.number(0), case_state_from(query.text(1)), query.text(2)});
    return rows;
}

void store::reduce(std::int64_t id) {
    for (const auto* sql : {"UPDATE kyc_case SET folder = 'unknown', service = 'unknown' WHERE id = ?1 AND word = "
                            "'UNKNOWN_SERVICE'", // a producer's word, perhaps a customer's name
                            "UPDATE kyc_case SET name = '', fingerprint = '', duplicate_of = NULL, message = '', "
                            "place = '' WHERE id = ?1",
                            "UPDATE attempt SET what = '', task_id = '', sent = (SELECT json_group_array(json_set("
                            "value, '$.name', '')) FROM json_each(sent)) WHERE case_id = ?1",
                            "DELETE FROM event WHERE case_id = ?1", "DELETE FROM answer WHERE case_id = ?1",
                            // the hashes stay in `sent`; a later case with the same bytes could not be told whose
                            "DELETE FROM image WHERE case_id = ?1"}) {
        statement change(database_.handle(), sql);
        change.bind(1, id).run();
    }
}

bool store::add_ended(const case_history& ended) {
    {
        statement known(database_.handle(), "SELECT 1 FROM kyc_case WHERE name = ?1 AND place = ?2");
        known.bind(1, ended.about.key.name).bind(2, ended.end.place);
        if (known.step()) return false;
    }
    add_end(ended.about, ended.end);
    return true;
}

std::vector<case_record> store::open_cases() {
    std::vector<case_record> records;
    statement query(database_.handle(),
                    (std::string("SELECT ") + case_columns + ", " + attempt_columns +
                     ", (SELECT count(*) FROM attempt AS p WHERE p.case_id = c.id AND p.outcome NOT IN ('refused', "
                     "'not_sent'))"
                     " FROM kyc_case AS c LEFT JOIN attempt AS a ON a.case_id = c.id AND a.number = "
                     "(SELECT max(number) FROM attempt WHERE case_id = c.id) WHERE c.state = 'open' ORDER BY +c.id")
                        .c_str());
    while (query.step()) {
        auto record = read_case(query).about;
        if (query.number_or_null(case_column_count)) record.last = read_attempt(query, case_column_count);
        record.paid = static_cast<std::uint32_t>(query.number(case_column_count + attempt_column_count));
        records.push_back(std::move(record));
    }
    return records;
}

bool store::knows_task(const std::string& task_id) {
    statement query(database_.handle(), "SELECT 1 FROM attempt WHERE task_id = ?1 LIMIT 1");
    query.bind(1, task_id);
    return query.step();
}

std::string store::about(std::string_view key) {
    return read_about(database_, key);
}

void store::set_about(std::string_view key, std::string_view value) {
    statement change(database_.handle(), "INSERT OR REPLACE INTO about VALUES (?1, ?2)");
    change.bind(1, key).bind(2, value).run();
}

} // namespace kyc::ledger
