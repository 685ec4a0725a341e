#include "ledger/reader.hpp"
#include "ledger_fixture.hpp"

#include <sqlite3.h>

#include <fstream>

using namespace kyc;
using namespace kyc::ledger;
namespace async = kyc::async;
using test::ledger_fixture;

namespace {

async::awaitable<void> put_one(kyc::ledger::ledger& book, case_record record) {
    const auto done = co_await book.put(std::move(record));
    BOOST_TEST(done.has_value());
}

async::awaitable<void> put_many(kyc::ledger::ledger& book, const boost::asio::any_io_executor& loop, int count) {
    async::task_group writers(loop, [](auto thrown) { std::rethrow_exception(thrown); });
    for (int i = 0; i < count; ++i)
        writers.spawn(put_one(book, ledger_fixture::sample("case-" + std::to_string(i))));
    co_await writers.join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_ledger_suite)

BOOST_FIXTURE_TEST_CASE(what_was_put_is_there_after_the_ledger_is_opened_again, ledger_fixture) {
    {
        auto opened = open();
        put_intent(*opened.ledger, sample("A"));
        put_intent(*opened.ledger, sample("B", 'b'));
        auto record = accepted(sample("A"), "task-1");
        record.polls = 7;
        record.failed_tasks = 1;
        put(*opened.ledger, record);
        BOOST_TEST(wait_for(opened.ledger->close(sample("B", 'b'), delivered("/out/B"))).has_value());
    }
    auto again = open();
    BOOST_TEST(!again.set_aside.has_value());
    const auto found = recover(*again.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    const auto& got = found.front();
    BOOST_TEST(got.key.folder == "liveness");
    BOOST_TEST(got.key.name == "A");
    BOOST_TEST(got.service == "face_liveness");
    BOOST_TEST(got.attempts == 1u);
    BOOST_TEST(!got.outcome_unknown());
    BOOST_TEST(got.task_id() == "task-1");
    BOOST_TEST((got.submitted_at() == *from_iso8601("2026-11-20T01:02:04.000Z")));
    BOOST_TEST((got.taken_at == *from_iso8601("2026-11-20T01:02:02.000Z")));
    BOOST_TEST(got.polls == 7u);
    BOOST_TEST(got.failed_tasks == 1u);
    BOOST_REQUIRE_EQUAL(got.files().size(), 1u);
    BOOST_TEST(got.files()[0].name == sample("A").files()[0].name);
    BOOST_TEST(got.files()[0].sha256 == std::string(64, 'a'));
    BOOST_TEST(got.files()[0].bytes == 181234u);
    BOOST_TEST(got.files()[0].width == 1440u);
}

BOOST_FIXTURE_TEST_CASE(an_intent_without_a_reply_is_an_unknown_outcome, ledger_fixture) {
    {
        auto opened = open();
        put_intent(*opened.ledger, sample("A"));
    }
    const auto found = recover(*open().ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].outcome_unknown());
    BOOST_TEST(found[0].task_id() == "");
}

BOOST_FIXTURE_TEST_CASE(each_attempt_is_a_row_and_the_last_one_is_what_counts, ledger_fixture) {
    auto opened = open();
    auto record = sample("A");
    put_intent(*opened.ledger, record);
    record.last->outcome = attempt_outcome::not_sent;
    record.last->what = "connection refused";
    put(*opened.ledger, record);
    record.last = sample("A").last;
    record.last->number = 2;
    put_intent(*opened.ledger, record);
    const auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].last->number == 2u);
    BOOST_TEST(found[0].outcome_unknown());
}

BOOST_FIXTURE_TEST_CASE(the_time_of_the_next_try_is_kept_until_it_is_taken_back, ledger_fixture) {
    auto record = sample("A");
    record.last->outcome = attempt_outcome::not_sent;
    record.next_try = *from_iso8601("2026-11-20T01:12:03.456Z");
    {
        auto opened = open();
        put(*opened.ledger, record);
    }
    auto opened = open();
    auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_REQUIRE(found[0].next_try.has_value());
    BOOST_TEST((*found[0].next_try == *record.next_try));
    record.next_try.reset();
    put_intent(*opened.ledger, record);
    found = recover(*opened.ledger);
    BOOST_TEST(!found[0].next_try.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_case_that_comes_again_under_its_name_is_another_row, ledger_fixture) {
    auto opened = open();
    put_intent(*opened.ledger, sample("A"));
    BOOST_TEST(wait_for(opened.ledger->close(accepted(sample("A"), "t"), delivered("/out/A"))).has_value());
    // The same name and the same bytes: it is the case itself, not a duplicate of it.
    BOOST_TEST(!put_intent(*opened.ledger, sample("A")).has_value());
    const auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].outcome_unknown());
}

BOOST_FIXTURE_TEST_CASE(the_same_image_under_another_name_is_told_with_the_first_case_that_had_it, ledger_fixture) {
    auto opened = open();
    BOOST_TEST(!put_intent(*opened.ledger, sample("A")).has_value());
    put(*opened.ledger, accepted(sample("A"), "t"));
    BOOST_TEST(wait_for(opened.ledger->close(accepted(sample("A"), "t"), delivered("/out/A"))).has_value());
    const auto second = put_intent(*opened.ledger, sample("B"));
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(second->case_name == "A");
    BOOST_TEST(second->service == "face_liveness");
    BOOST_REQUIRE(second->answered_at.has_value());
    BOOST_TEST((*second->answered_at == *from_iso8601("2026-11-20T01:03:00.000Z")));
    const auto third = put_intent(*opened.ledger, sample("C"));
    BOOST_REQUIRE(third.has_value());
    BOOST_TEST(third->case_name == "A");
    BOOST_TEST(!put_intent(*opened.ledger, sample("D", 'd')).has_value());
    // It is part of the record.
    const auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 3u);
    BOOST_REQUIRE(found[0].duplicate_of.has_value());
    BOOST_TEST(found[0].duplicate_of->case_name == "A");
}

BOOST_FIXTURE_TEST_CASE(the_case_with_the_most_images_in_common_is_named, ledger_fixture) {
    const auto with_images = [](const std::string& name, const std::string& seeds) {
        auto record = sample(name);
        auto image = record.last->sent.front();
        record.last->sent.clear();
        for (const char seed : seeds) {
            image.sha256 = std::string(64, seed);
            record.last->sent.push_back(image);
        }
        return record;
    };
    auto opened = open();
    put_intent(*opened.ledger, with_images("one", "ab"));
    put_intent(*opened.ledger, with_images("two", "bc"));
    const auto found = put_intent(*opened.ledger, with_images("three", "abc"));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->case_name == "one"); // as many as "two", and earlier
    const auto again = put_intent(*opened.ledger, with_images("four", "c"));
    BOOST_REQUIRE(again.has_value());
    BOOST_TEST(again->case_name == "two");
    BOOST_TEST(!again->answered_at.has_value());
}

BOOST_FIXTURE_TEST_CASE(a_case_without_images_is_compared_by_its_fields, ledger_fixture) {
    auto opened = open();
    auto first = sample("A");
    first.last->sent.clear();
    auto second = first;
    second.key.name = "B";
    BOOST_TEST(!put_intent(*opened.ledger, first).has_value());
    const auto found = put_intent(*opened.ledger, second);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->case_name == "A");
}

BOOST_FIXTURE_TEST_CASE(an_answer_is_kept_for_the_window_and_then_forgotten, ledger_fixture) {
    auto opened = open();
    auto& book = *opened.ledger;
    const auto print = std::string(64, 'a');
    const auto answered_at = *from_iso8601("2026-11-20T01:03:00.000Z");
    put_intent(book, sample("A"));
    put(book, accepted(sample("A"), "task-1"));
    BOOST_TEST(!wait_for(book.answered(print, utc_time{})).value().has_value());
    BOOST_TEST(
        wait_for(book.close(accepted(sample("A"), "task-1"), delivered("/out/A", "{\"liveness\":1}"))).has_value());
    const auto found = wait_for(book.answered(print, answered_at)).value();
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->key.name == "A");
    BOOST_TEST(found->task_id == "task-1");
    BOOST_TEST(found->reply == "{\"liveness\":1}");
    BOOST_TEST((found->answered_at == answered_at));
    BOOST_TEST(!wait_for(book.answered(print, answered_at + std::chrono::seconds(1))).value().has_value());
    BOOST_TEST(!wait_for(book.answered(std::string(64, 'b'), utc_time{})).value().has_value());
    BOOST_TEST(wait_for(book.forget_answers(answered_at + std::chrono::seconds(1))).has_value());
    BOOST_TEST(!wait_for(book.answered(print, utc_time{})).value().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_ledger_that_is_rebuilt_knows_each_place_once, ledger_fixture) {
    case_history ended;
    ended.about = accepted(sample("A"), "task-1");
    ended.state = case_state::delivered;
    ended.end = delivered("/out/A");
    auto opened = open();
    BOOST_TEST(wait_for(opened.ledger->add_ended({ended})).value() == 1u);
    BOOST_TEST(wait_for(opened.ledger->add_ended({ended})).value() == 0u);
    const auto found = put_intent(*opened.ledger, sample("B"));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->case_name == "A");
}

BOOST_FIXTURE_TEST_CASE(a_ledger_remembers_its_spool, ledger_fixture) {
    {
        auto opened = open();
        BOOST_TEST(opened.spool == "");
        BOOST_TEST(opened.ledger->bind_to_spool("0123abcd", true, {}).has_value());
    }
    BOOST_TEST(open().spool == "0123abcd");
}

BOOST_FIXTURE_TEST_CASE(cases_of_a_lost_history_are_adopted_with_the_spool_and_keep_what_is_known, ledger_fixture) {
    {
        auto opened = open();
        put(*opened.ledger, accepted(sample("known"), "task-1"));
        BOOST_TEST(opened.ledger->bind_to_spool("0123", true, {sample("known"), sample("lost", 'b')}).has_value());
    }
    const auto found = recover(*open().ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    BOOST_TEST(found[0].task_id() == "task-1");
    BOOST_TEST(found[1].key.name == "lost");
    BOOST_TEST(found[1].outcome_unknown());
}

BOOST_FIXTURE_TEST_CASE(a_record_of_a_lost_history_that_knows_of_no_receipt_is_doubted, ledger_fixture) {
    {
        auto opened = open();
        auto refused = sample("refused");
        refused.last->outcome = attempt_outcome::refused;
        put(*opened.ledger, refused);
        auto never = sample("never", 'b');
        never.attempts = 0;
        never.last.reset();
        put(*opened.ledger, never);
        BOOST_TEST(opened.ledger->bind_to_spool("0123", true, {sample("refused"), sample("never", 'b')}).has_value());
    }
    const auto found = recover(*open().ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    for (const auto& record : found)
        BOOST_TEST(record.outcome_unknown(), record.key.name);
    BOOST_TEST(found[0].last->number == 2u);
    BOOST_TEST(found[0].attempts == 2u);
    BOOST_TEST(found[1].last->number == 1u);
}

BOOST_FIXTURE_TEST_CASE(writes_that_come_together_share_a_commit, ledger_fixture) {
    auto opened = open();
    test::run_coroutine(loop, put_many(*opened.ledger, loop.get_executor(), 200));
    const auto counted = opened.ledger->counted();
    BOOST_TEST(counted.writes == 200u);
    BOOST_TEST(counted.commits <= 3u);
    BOOST_TEST(recover(*opened.ledger).size() == 200u);
}

BOOST_FIXTURE_TEST_CASE(what_is_noted_waits_for_the_next_commit_and_costs_none_of_its_own, ledger_fixture) {
    auto opened = open();
    put_intent(*opened.ledger, sample("A"));
    event polled;
    polled.kind = "polled";
    polled.detail = "HTTP 200, PENDING";
    opened.ledger->note(case_key("liveness", "A"), polled);
    opened.ledger->note(case_key("liveness", "nobody"), polled);
    BOOST_TEST(opened.ledger->counted().commits == 1u);
    put(*opened.ledger, accepted(sample("A"), "t"));
    BOOST_TEST(opened.ledger->counted().commits == 2u);
    sqlite3* raw = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
    std::string rows;
    const auto collect = [](void* into, int, char** values, char**) {
        static_cast<std::string*>(into)->append(values[0]).append(";");
        return 0;
    };
    sqlite3_exec(raw, "SELECT detail FROM event", collect, &rows, nullptr);
    sqlite3_close(raw);
    BOOST_TEST(rows == "HTTP 200, PENDING;");
}

BOOST_FIXTURE_TEST_CASE(answer_times_are_kept_with_the_next_commit_the_last_ones_of_each_service, ledger_fixture) {
    {
        auto opened = open();
        BOOST_TEST(wait_for(opened.ledger->answer_times())->empty());
        opened.ledger->keep_answer_times("kyc_card", "old");
        opened.ledger->keep_answer_times("ekyc", "{}");
        opened.ledger->keep_answer_times("kyc_card", "new");
        BOOST_TEST(opened.ledger->counted().commits == 0u);
        test::run_coroutine(loop, opened.ledger->flush());
        BOOST_TEST(opened.ledger->counted().commits == 1u);
    }
    auto opened = open();
    const auto kept = wait_for(opened.ledger->answer_times());
    BOOST_REQUIRE(kept.has_value());
    BOOST_TEST((*kept == std::map<std::string, std::string>{{"ekyc", "{}"}, {"kyc_card", "new"}}));
}

BOOST_FIXTURE_TEST_CASE(a_row_whose_files_cannot_be_read_keeps_its_task, ledger_fixture) {
    {
        auto opened = open();
        put(*opened.ledger, accepted(sample("A"), "task-1"));
    }
    run_sql("UPDATE attempt SET sent = '[{]'");
    auto again = open();
    BOOST_TEST(!again.set_aside.has_value());
    const auto found = recover(*again.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found.front().task_id() == "task-1");
    BOOST_TEST(found.front().files().empty());
}

BOOST_FIXTURE_TEST_CASE(a_ledger_of_a_newer_kycd_is_refused_and_left_alone, ledger_fixture) {
    { auto opened = open(); }
    run_sql("PRAGMA user_version=999");
    const auto refused = open_ledger(file, reserve_file, loop.get_executor(), pool, 1);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message().find("newer kycd") != std::string::npos);
    BOOST_TEST(std::filesystem::exists(file));
}

BOOST_FIXTURE_TEST_CASE(a_ledger_that_cannot_be_made_is_a_fault_that_names_it, ledger_fixture) {
    std::ofstream(folder.path() / "state") << "a file where the folder should be";
    const auto refused = open_ledger(file, reserve_file, loop.get_executor(), pool, 1);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message().find("ledger.db") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_first_schema_is_lifted_with_its_open_cases, ledger_fixture) {
    std::filesystem::create_directories(file.parent_path());
    run_sql(R"(CREATE TABLE open_case (folder TEXT NOT NULL, name TEXT NOT NULL, service TEXT NOT NULL,
        lane TEXT NOT NULL, files TEXT NOT NULL, attempts INTEGER NOT NULL, outcome_known INTEGER NOT NULL,
        task_id TEXT NOT NULL, submitted_at TEXT NOT NULL, polls INTEGER NOT NULL, failed_tasks INTEGER NOT NULL,
        PRIMARY KEY (folder, name)) WITHOUT ROWID, STRICT;
        CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
        INSERT INTO about VALUES ('spool', '0123');
        INSERT INTO open_case VALUES ('liveness', 'A', 'face_liveness', 'live', '[]', 2, 1, 'task-1',
                                      '2026-11-20T01:02:03.000Z', 3, 1);
        INSERT INTO open_case VALUES ('liveness', 'B', 'face_liveness', 'live', '[]', 1, 0, '',
                                      '1970-01-01T00:00:00.000Z', 0, 0);
        PRAGMA user_version=1)");
    auto opened = open();
    BOOST_TEST(opened.spool == "0123");
    const auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    BOOST_TEST(found[0].task_id() == "task-1");
    BOOST_TEST(found[0].attempts == 2u);
    BOOST_TEST((found[0].submitted_at() == *from_iso8601("2026-11-20T01:02:03.000Z")));
    BOOST_TEST(found[1].outcome_unknown());
    BOOST_TEST(!found[1].next_try.has_value());
    BOOST_TEST(wait_for(opened.ledger->answer_times())->empty());
}

BOOST_FIXTURE_TEST_CASE(an_open_record_is_of_the_ticket_that_began_it, ledger_fixture) {
    {
        auto opened = open();
        auto again = sample("A");
        again.key.lane = lane::bulk;
        again.ticket = 7;
        put_intent(*opened.ledger, again);
        again.ticket = 0; // as a receipt that the reserve kept
        put(*opened.ledger, accepted(again, "task-1"));
        put_intent(*opened.ledger, sample("B"));
    }
    auto opened = open();
    const auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    BOOST_TEST(found[0].ticket == 7);
    BOOST_TEST(found[0].task_id() == "task-1");
    BOOST_TEST(found[1].ticket == 0);
}

BOOST_FIXTURE_TEST_CASE(the_fifth_schema_is_lifted_and_its_records_name_no_ticket, ledger_fixture) {
    {
        auto opened = open();
        auto again = sample("A");
        again.key.lane = lane::bulk;
        put(*opened.ledger, accepted(again, "task-1"));
    }
    run_sql("ALTER TABLE kyc_case DROP COLUMN ticket_id; PRAGMA user_version = 5");
    auto opened = open();
    auto found = recover(*opened.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].ticket == 0);
    BOOST_TEST(found[0].task_id() == "task-1");
    BOOST_TEST((found[0].key.lane == lane::bulk));
    found[0].ticket = 3; // the ticket that takes it over
    put(*opened.ledger, found[0]);
    BOOST_TEST(recover(*opened.ledger)[0].ticket == 3);
}

BOOST_FIXTURE_TEST_CASE(what_is_forgotten_is_gone_from_the_files_at_once, ledger_fixture) {
    auto opened = open();
    auto& book = *opened.ledger;
    const auto stands_there = [this](const std::string& word) {
        for (const auto& each : std::filesystem::directory_iterator(file.parent_path())) {
            std::ifstream in(each.path(), std::ios::binary);
            const std::string bytes(std::istreambuf_iterator<char>(in), {});
            if (bytes.find(word) != std::string::npos) return true;
        }
        return false;
    };
    put(book, accepted(sample("ERIKA"), "task-1"));
    const auto end = delivered("/out/ERIKA", R"({"full_name": "ERIKA EXAMPLE"})");
    BOOST_REQUIRE(wait_for(book.close(accepted(sample("ERIKA"), "task-1"), end)).has_value());
    BOOST_TEST(stands_there("ERIKA"));
    const auto after = end.at + std::chrono::seconds(1);
    BOOST_REQUIRE(wait_for(book.forget_answers(after)).has_value());
    BOOST_TEST(!stands_there("ERIKA EXAMPLE"));
    const auto rows = wait_for(book.ended_before(after, after, 0, 10));
    BOOST_REQUIRE_EQUAL(rows->size(), 1u);
    BOOST_REQUIRE(wait_for(book.reduce({rows->front().id})).has_value());
    BOOST_TEST(!stands_there("ERIKA"));
    BOOST_TEST(stands_there(std::string(64, 'a')));
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_is_no_service_s_is_forgotten_with_its_case, ledger_fixture) {
    auto opened = open();
    auto& book = *opened.ledger;
    auto record = sample("front_id");
    record.key = case_key("ERIKA MUSTERMANN", "front_id");
    record.service = "ERIKA MUSTERMANN";
    auto end = delivered("/failed/ERIKA MUSTERMANN/front_id");
    end.state = case_state::failed;
    end.word = "UNKNOWN_SERVICE";
    BOOST_REQUIRE(wait_for(book.close(record, end)).has_value());
    const auto after = end.at + std::chrono::seconds(1);
    const auto rows = wait_for(book.ended_before(after, after, 0, 10));
    BOOST_REQUIRE(wait_for(book.reduce({rows->front().id})).has_value());
    const auto read = open_reader(file);
    BOOST_REQUIRE(read.has_value());
    const auto done = (**read)->list({}, [](const case_history& each) {
        BOOST_TEST(each.about.key.folder == "unknown");
        BOOST_TEST(each.about.service == "unknown");
        return true;
    });
    BOOST_TEST(done.has_value());
}

BOOST_FIXTURE_TEST_CASE(calls_of_cases_in_hand_are_told_beside_the_daemon, ledger_fixture) {
    auto opened = open();
    auto& book = *opened.ledger;
    ticket_record night;
    night.name = "night";
    night.state = ticket_state::running;
    night.id = *wait_for(book.tickets().put_ticket(night));
    const auto sent = [&](const std::string& name) {
        auto one = sample(name);
        one.key.lane = lane::bulk;
        one.ticket = night.id;
        return one;
    };
    put(book, accepted(sent("A"), "task-1"));
    put(book, sent("B")); // may have been accepted
    auto refused = sent("C");
    refused.last->outcome = attempt_outcome::not_sent;
    put(book, refused);
    put(book, accepted(sample("D"), "task-2")); // of no ticket
    const auto read = open_reader(file);
    BOOST_REQUIRE(read.has_value());
    const auto told = (**read)->tickets();
    BOOST_REQUIRE(told.has_value());
    BOOST_REQUIRE_EQUAL(told->size(), 1u);
    BOOST_TEST(told->front().calls == 2u);
}

BOOST_FIXTURE_TEST_CASE(the_last_ticket_of_a_name_that_has_ended_is_known_until_it_is_forgotten, ledger_fixture) {
    auto opened = open();
    auto& book = opened.ledger->tickets();
    const auto ended = [&](const std::string& name) { return *wait_for(book.ended_ticket(name)); };
    ticket_record night;
    night.name = "night";
    night.state = ticket_state::running;
    night.accepted_at = *from_iso8601("2026-11-20T22:00:00.000Z");
    night.id = *wait_for(book.put_ticket(night));
    BOOST_TEST(!ended("night").has_value());
    night.state = ticket_state::ended;
    night.ended_at = *from_iso8601("2026-11-21T02:00:00.000Z");
    night.place = "/spool/outbox/reverify/night";
    BOOST_REQUIRE(wait_for(book.put_ticket(night)).has_value());
    const auto found = ended("night");
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->place == night.place);
    BOOST_TEST((found->accepted_at == night.accepted_at));
    BOOST_TEST(!ended("nigh").has_value());
    BOOST_REQUIRE(wait_for(book.forget_tickets(*from_iso8601("2026-11-22T00:00:00.000Z"))).has_value());
    BOOST_TEST(!ended("night").has_value());
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_removed_while_it_is_open_is_put_back_with_all_that_is_in_it, ledger_fixture) {
    const auto wal = file.string() + "-wal";
    for (const bool commits : {true, false}) {
        for (const auto& gone : std::vector<std::vector<std::filesystem::path>>{{file}, {wal}, {file, wal}}) {
            {
                auto opened = open();
                put(*opened.ledger, accepted(sample("A"), "task-1"));
                for (const auto& each : gone)
                    BOOST_REQUIRE(std::filesystem::remove(each));
                if (commits) {
                    put_intent(*opened.ledger, sample("B", 'b'));
                } else {
                    test::run_coroutine(loop, opened.ledger->flush());
                }
                BOOST_TEST(std::filesystem::exists(file));
                BOOST_TEST(std::filesystem::exists(wal));
                put_intent(*opened.ledger, sample("C", 'c'));
            }
            {
                auto again = open();
                const auto found = recover(*again.ledger);
                BOOST_REQUIRE_EQUAL(found.size(), commits ? 3u : 2u);
                BOOST_TEST(found.front().task_id() == "task-1");
            }
            std::filesystem::remove_all(file.parent_path());
        }
    }
}

BOOST_FIXTURE_TEST_CASE(what_takes_the_place_of_an_open_file_is_moved_aside, ledger_fixture) {
    {
        auto opened = open();
        put(*opened.ledger, accepted(sample("A"), "task-1"));
        std::filesystem::rename(file, folder.path() / "moved");
        std::ofstream(file) << "somebody else's";
        test::run_coroutine(loop, opened.ledger->flush());
        BOOST_TEST(std::filesystem::file_size(file.string() + ".replaced-1") == 15u);
    }
    auto again = open();
    BOOST_TEST(!again.set_aside.has_value());
    BOOST_TEST(recover(*again.ledger).front().task_id() == "task-1");
}

BOOST_FIXTURE_TEST_CASE(nothing_is_committed_while_the_file_cannot_be_put_back, ledger_fixture) {
    auto opened = open();
    put(*opened.ledger, accepted(sample("A"), "task-1"));
    const auto away = folder.path() / "away";
    std::filesystem::rename(file.parent_path(), away);
    test::run_coroutine(loop, opened.ledger->flush());
    BOOST_TEST(opened.ledger->commit_fault().has_value());
    BOOST_TEST(!wait_for(opened.ledger->put_intent(sample("B", 'b'))));
    std::filesystem::rename(away, file.parent_path());
    test::run_coroutine(loop, opened.ledger->flush());
    BOOST_TEST(!opened.ledger->commit_fault().has_value());
    put_intent(*opened.ledger, sample("B", 'b'));
    BOOST_TEST(recover(*opened.ledger).size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
