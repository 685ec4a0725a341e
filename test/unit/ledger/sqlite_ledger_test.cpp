#include "async/blocking_pool.hpp"
#include "async/task_group.hpp"
#include "ledger/ledger.hpp"
#include "support/run_coroutine.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include <fstream>

using namespace kyc;
using namespace kyc::ledger;
namespace async = kyc::async;

namespace {

struct fixture {
    test::temporary_folder folder;
    std::filesystem::path file = folder.path() / "state" / "ledger.db";
    boost::asio::io_context loop;
    async::blocking_pool pool{2};

    opened_ledger open() {
        auto opened = open_ledger(file, loop.get_executor(), pool);
        BOOST_REQUIRE(opened.has_value());
        return std::move(*opened);
    }
};

case_record sample(const std::string& name) {
    case_record record;
    record.key = case_key("liveness", name);
    record.service = "face_liveness";
    file_facts file;
    file.field = "image";
    file.name = "Bild \"1\" \xC3\xA4.jpg";
    file.bytes = 181234;
    file.sha256 = std::string(64, 'a');
    file.width = 1440;
    file.height = 1080;
    record.files.push_back(file);
    record.attempts = 2;
    record.outcome_known = false;
    record.task_id = "08bc1d62-0000-4000-8000-000000000001";
    record.submitted_at = *from_iso8601("2026-11-20T01:02:03.456Z");
    record.polls = 7;
    record.failed_tasks = 1;
    return record;
}

async::awaitable<void> put_one(kyc::ledger::ledger& book, case_record record) {
    const auto done = co_await book.put(std::move(record));
    BOOST_TEST(done.has_value());
}

async::awaitable<void> write_and_close(kyc::ledger::ledger& book) {
    co_await put_one(book, sample("A"));
    co_await put_one(book, sample("B"));
    auto changed = sample("A");
    changed.attempts = 3;
    co_await put_one(book, changed);
    const auto closed = co_await book.close(case_key("liveness", "B"));
    BOOST_TEST(closed.has_value());
    const auto unknown = co_await book.close(case_key("liveness", "never there"));
    BOOST_TEST(unknown.has_value());
}

async::awaitable<void> read_all(kyc::ledger::ledger& book, std::vector<case_record>& into) {
    auto found = co_await book.recover();
    BOOST_REQUIRE(found.has_value());
    into = std::move(*found);
}

async::awaitable<void> put_many(kyc::ledger::ledger& book, const boost::asio::any_io_executor& loop, int count) {
    async::task_group writers(loop, [](auto thrown) { std::rethrow_exception(thrown); });
    for (int i = 0; i < count; ++i)
        writers.spawn(put_one(book, sample("case-" + std::to_string(i))));
    co_await writers.join();
}

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_ledger_suite)

BOOST_FIXTURE_TEST_CASE(what_was_put_is_there_after_the_ledger_is_opened_again, fixture) {
    {
        auto opened = open();
        test::run_coroutine(loop, write_and_close(*opened.ledger));
    }
    auto again = open();
    BOOST_TEST(!again.set_aside.has_value());
    std::vector<case_record> found;
    test::run_coroutine(loop, read_all(*again.ledger, found));
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    const auto expected = sample("A");
    const auto& got = found.front();
    BOOST_TEST(got.key.folder == "liveness");
    BOOST_TEST(got.key.name == "A");
    BOOST_TEST(got.service == expected.service);
    BOOST_TEST(got.attempts == 3u);
    BOOST_TEST(!got.outcome_known);
    BOOST_TEST(got.task_id == expected.task_id);
    BOOST_TEST((got.submitted_at == expected.submitted_at));
    BOOST_TEST(got.polls == 7u);
    BOOST_TEST(got.failed_tasks == 1u);
    BOOST_REQUIRE_EQUAL(got.files.size(), 1u);
    BOOST_TEST(got.files[0].name == expected.files[0].name);
    BOOST_TEST(got.files[0].sha256 == expected.files[0].sha256);
    BOOST_TEST(got.files[0].bytes == 181234u);
    BOOST_TEST(got.files[0].width == 1440u);
}

BOOST_FIXTURE_TEST_CASE(a_ledger_remembers_its_spool, fixture) {
    {
        auto opened = open();
        BOOST_TEST(opened.spool == "");
        BOOST_TEST(opened.ledger->bind_to_spool("0123abcd").has_value());
    }
    BOOST_TEST(open().spool == "0123abcd");
}

BOOST_FIXTURE_TEST_CASE(writes_that_come_together_share_a_commit, fixture) {
    auto opened = open();
    test::run_coroutine(loop, put_many(*opened.ledger, loop.get_executor(), 200));
    const auto counted = opened.ledger->counted();
    BOOST_TEST(counted.writes == 200u);
    BOOST_TEST(counted.commits <= 3u);
    std::vector<case_record> found;
    test::run_coroutine(loop, read_all(*opened.ledger, found));
    BOOST_TEST(found.size() == 200u);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_database_is_set_aside_and_a_new_ledger_begun, fixture) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << std::string(8192, 'x');
    auto opened = open();
    BOOST_REQUIRE(opened.set_aside.has_value());
    BOOST_TEST(opened.set_aside->find("ledger.db.damaged-1") != std::string::npos);
    BOOST_TEST(std::filesystem::exists(file.string() + ".damaged-1"));
    std::vector<case_record> found;
    test::run_coroutine(loop, read_all(*opened.ledger, found));
    BOOST_TEST(found.empty());
}

BOOST_FIXTURE_TEST_CASE(a_row_whose_files_cannot_be_read_keeps_its_task, fixture) {
    {
        auto opened = open();
        test::run_coroutine(loop, write_and_close(*opened.ledger));
    }
    sqlite3* raw = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
    BOOST_REQUIRE_EQUAL(sqlite3_exec(raw, "UPDATE open_case SET files = '[{]'", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
    auto again = open();
    BOOST_TEST(!again.set_aside.has_value());
    std::vector<case_record> found;
    test::run_coroutine(loop, read_all(*again.ledger, found));
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found.front().task_id == sample("A").task_id);
    BOOST_TEST(found.front().files.empty());
}

BOOST_FIXTURE_TEST_CASE(a_ledger_of_a_newer_kycd_is_refused_and_left_alone, fixture) {
    { auto opened = open(); }
    sqlite3* raw = nullptr;
    BOOST_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
    sqlite3_exec(raw, "PRAGMA user_version=999", nullptr, nullptr, nullptr);
    sqlite3_close(raw);
    const auto refused = open_ledger(file, loop.get_executor(), pool);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message().find("newer kycd") != std::string::npos);
    BOOST_TEST(std::filesystem::exists(file));
}

BOOST_FIXTURE_TEST_CASE(a_ledger_that_cannot_be_made_is_a_fault_that_names_it, fixture) {
    std::ofstream(folder.path() / "state") << "a file where the folder should be";
    const auto refused = open_ledger(file, loop.get_executor(), pool);
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().message().find("ledger.db") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
