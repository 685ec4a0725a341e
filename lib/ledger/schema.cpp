#include "ledger/schema.hpp"

#include "ledger/sqlite.hpp"

#include <sqlite3.h>

#include <iterator>
#include <string>

namespace kyc::ledger {

namespace {

// Each entry lifts the schema by one version. Never edit an entry that people run. Times are milliseconds since 1970,
// UTC; the words of `state` and `outcome` are those of ledger/records.cpp.
constexpr const char* migrations[] = {
    // 1: one row per open case.
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

    // 2: cases stay when they have ended, and every attempt is a row.
    R"(CREATE TABLE kyc_case (
         id            INTEGER PRIMARY KEY,
         folder        TEXT NOT NULL,
         name          TEXT NOT NULL,
         service       TEXT NOT NULL,
         lane          TEXT NOT NULL,
         flat          INTEGER NOT NULL,
         taken_at      INTEGER NOT NULL,
         fingerprint   TEXT NOT NULL,
         attempts      INTEGER NOT NULL,
         polls         INTEGER NOT NULL,
         failed_tasks  INTEGER NOT NULL,
         duplicate_of  TEXT,               -- {"case", "service", "answered_at"}
         state         TEXT NOT NULL DEFAULT 'open',
         ended_at      INTEGER,
         word          TEXT,
         stage         TEXT,
         message       TEXT,
         place         TEXT) STRICT;
       CREATE UNIQUE INDEX one_open_case ON kyc_case (folder, name) WHERE state = 'open';
       CREATE INDEX case_by_name ON kyc_case (name);
       CREATE INDEX case_by_fingerprint ON kyc_case (fingerprint) WHERE fingerprint <> '';
       CREATE INDEX case_by_end ON kyc_case (ended_at) WHERE state <> 'open';
       CREATE TABLE attempt (
         case_id       INTEGER NOT NULL REFERENCES kyc_case (id) ON DELETE CASCADE,
         number        INTEGER NOT NULL,
         sent          TEXT NOT NULL,      -- [{"field", "name", "bytes", "sha256", "width", "height"}]
         sent_at       INTEGER NOT NULL,
         outcome       TEXT NOT NULL,
         ended_at      INTEGER,
         http_status   INTEGER,
         what          TEXT NOT NULL,
         task_id       TEXT NOT NULL,
         PRIMARY KEY (case_id, number)) WITHOUT ROWID, STRICT;
       CREATE TABLE image (                -- which cases sent these bytes
         sha256        BLOB NOT NULL,
         case_id       INTEGER NOT NULL REFERENCES kyc_case (id) ON DELETE CASCADE,
         PRIMARY KEY (sha256, case_id)) WITHOUT ROWID, STRICT;
       CREATE INDEX image_by_case ON image (case_id);
       CREATE TABLE event (
         id            INTEGER PRIMARY KEY,
         case_id       INTEGER NOT NULL REFERENCES kyc_case (id) ON DELETE CASCADE,
         at            INTEGER NOT NULL,
         kind          TEXT NOT NULL,
         detail        TEXT NOT NULL) STRICT;
       CREATE INDEX event_by_case ON event (case_id);
       CREATE TABLE answer (               -- kept for intake.dedupe only
         case_id       INTEGER PRIMARY KEY REFERENCES kyc_case (id) ON DELETE CASCADE,
         at            INTEGER NOT NULL,
         reply         TEXT NOT NULL) STRICT;
       CREATE INDEX answer_by_time ON answer (at);
       INSERT INTO kyc_case (folder, name, service, lane, flat, taken_at, fingerprint, attempts, polls, failed_tasks)
         SELECT folder, name, service, lane, 0, CAST(unixepoch(submitted_at) AS INTEGER) * 1000, '', attempts, polls, failed_tasks
         FROM open_case;
       INSERT INTO attempt
         SELECT kyc_case.id, max(open_case.attempts, 1), files, CAST(unixepoch(submitted_at) AS INTEGER) * 1000,
                CASE WHEN task_id <> '' THEN 'accepted' WHEN outcome_known THEN 'not_sent' ELSE 'unknown' END,
                CASE WHEN task_id <> '' THEN CAST(unixepoch(submitted_at) AS INTEGER) * 1000 END, NULL, '', task_id
         FROM open_case JOIN kyc_case USING (folder, name);
       DROP TABLE open_case)",

    // 3: the time before which a case is not sent again survives a restart.
    "ALTER TABLE kyc_case ADD COLUMN next_try INTEGER",

    // 4: how long each service's answers take, as learnt (core/answer_times.hpp); one row for polls that bring the
    // same.
    R"(CREATE TABLE answer_times (
         service       TEXT PRIMARY KEY,
         learnt        TEXT NOT NULL) WITHOUT ROWID, STRICT;
       ALTER TABLE event ADD COLUMN times INTEGER NOT NULL DEFAULT 1)",

    // 5: re-verification: a delivered case may be open again beside a new one of its name, and the tickets that ask for
    // it.
    R"(DROP INDEX one_open_case;
       CREATE UNIQUE INDEX one_open_case ON kyc_case (folder, name, lane) WHERE state = 'open';
       CREATE TABLE ticket (
         id            INTEGER PRIMARY KEY AUTOINCREMENT,
         name          TEXT NOT NULL,
         text          TEXT NOT NULL,
         orders        TEXT NOT NULL,
         state         TEXT NOT NULL,
         why           TEXT NOT NULL,
         canaries_accepted INTEGER NOT NULL,
         accepted_at   INTEGER NOT NULL,
         begun_at      INTEGER,
         ended_at      INTEGER,
         place         TEXT NOT NULL) STRICT;
       CREATE UNIQUE INDEX one_open_ticket ON ticket (name) WHERE state <> 'ended';
       CREATE TABLE ticket_case (
         ticket_id     INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
         number        INTEGER NOT NULL,
         folder        TEXT NOT NULL,
         place         TEXT NOT NULL,
         case_name     TEXT NOT NULL,
         service       TEXT NOT NULL,
         canary        INTEGER NOT NULL,
         verdict_before TEXT NOT NULL,
         answered_before INTEGER NOT NULL,
         end           TEXT NOT NULL DEFAULT 'waiting',
         verdict_after TEXT,
         code          TEXT,
         why           TEXT,
         cause         TEXT,
         fields        TEXT,               -- ["checks.liveness", …]: names, never values
         newly_expired INTEGER,
         calls         INTEGER,
         submitted_at  INTEGER,
         answered_at   INTEGER,
         ended_at      INTEGER,
         PRIMARY KEY (ticket_id, number)) WITHOUT ROWID, STRICT)",

    // 6: several tickets may ask for a case; a record that is open is of one of them. None: written before.
    "ALTER TABLE kyc_case ADD COLUMN ticket_id INTEGER",
};

} // namespace

std::int64_t newest_schema() {
    return static_cast<std::int64_t>(std::size(migrations));
}

std::int64_t schema_of(database& file) {
    statement query(file.handle(), "PRAGMA user_version");
    return query.step() ? query.number(0) : 0;
}

void refuse_newer_schema(database& file) {
    const auto version = schema_of(file);
    if (version > newest_schema())
        throw sqlite_error(sqlite_error::newer_schema, "the ledger was written by a newer kycd (schema " +
                                                           std::to_string(version) + ", this one knows " +
                                                           std::to_string(newest_schema()) + "): install that one");
}

void migrate(database& file) {
    refuse_newer_schema(file);
    for (auto version = schema_of(file); version < newest_schema(); ++version) {
        file.execute("BEGIN IMMEDIATE");
        file.execute(migrations[version]);
        file.execute(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
        file.execute("COMMIT");
    }
}

} // namespace kyc::ledger
