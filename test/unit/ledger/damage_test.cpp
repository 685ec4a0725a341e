// What becomes of a ledger that is damaged, and of receipts that a full disk does not take.
#include "ledger/reader.hpp"
#include "ledger/reserve.hpp"
#include "ledger/sight.hpp"
#include "ledger_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sys/resource.h>

using namespace kyc;
using namespace kyc::ledger;
using test::ledger_fixture;

namespace {

/// No file may grow beyond this: as a full disk, for one process and without root.
class file_size_limit {
  public:
    explicit file_size_limit(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        rlimit limit = before_;
        limit.rlim_cur = bytes;
        ::setrlimit(RLIMIT_FSIZE, &limit);
        std::signal(SIGXFSZ, SIG_IGN);
    }

    file_size_limit(const file_size_limit&) = delete;
    file_size_limit& operator=(const file_size_limit&) = delete;

    ~file_size_limit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

void overwrite(const std::filesystem::path& file, std::uintmax_t from, std::uintmax_t bytes) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(from));
    out << std::string(bytes, '\x5a');
}

} // namespace

BOOST_AUTO_TEST_SUITE(damage_suite)

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_database_is_set_aside_and_a_new_ledger_begun, ledger_fixture) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << std::string(8192, 'x');
    auto opened = open();
    BOOST_REQUIRE(opened.set_aside.has_value());
    BOOST_TEST(opened.set_aside->find("ledger.db.damaged-1, 0 of its cases") != std::string::npos);
    BOOST_TEST(std::filesystem::exists(file.string() + ".damaged-1"));
    BOOST_TEST(recover(*opened.ledger).empty());
}

BOOST_FIXTURE_TEST_CASE(a_look_tells_what_the_start_would_find_and_changes_nothing, ledger_fixture) {
    BOOST_TEST(look_at_ledger(file)->spool.empty()); // not there: a new one
    {
        auto opened = open();
        BOOST_REQUIRE(opened.ledger->bind_to_spool("of-this-spool", false, {}).has_value());
        BOOST_TEST(look_at_ledger(file)->spool == "of-this-spool"); // beside who writes it
    }
    BOOST_TEST(look_at_ledger(file)->spool == "of-this-spool");
    BOOST_TEST(!look_at_ledger(file)->damage.has_value());
    std::ofstream(file) << std::string(8192, 'x');
    const auto seen = look_at_ledger(file);
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST(seen->damage.has_value());
    BOOST_TEST(std::filesystem::file_size(file) == 8192u);
    BOOST_TEST(!std::filesystem::exists(file.string() + ".damaged-1"));
    BOOST_TEST(!std::filesystem::exists(file.string() + "-wal"));
}

BOOST_FIXTURE_TEST_CASE(the_rows_of_a_damaged_ledger_that_can_be_read_are_taken_over, ledger_fixture) {
    constexpr std::size_t cases = 400;
    {
        auto opened = open();
        for (std::size_t i = 0; i < cases; ++i)
            put(*opened.ledger, accepted(sample("case-" + std::to_string(i)), "task-" + std::to_string(i)));
    }
    // Somewhere in the middle: pages of some table or index.
    const auto size = std::filesystem::file_size(file);
    overwrite(file, size / 2 / 4096 * 4096, 3 * 4096);
    auto opened = open();
    BOOST_REQUIRE(opened.set_aside.has_value());
    BOOST_TEST_MESSAGE(*opened.set_aside);
    const auto found = recover(*opened.ledger);
    BOOST_TEST(found.size() > cases / 2);
    for (const auto& record : found)
        BOOST_TEST((!record.last || record.task_id() == "task-" + record.key.name.substr(5)));
}

BOOST_FIXTURE_TEST_CASE(a_damaged_ledger_of_an_older_kycd_is_read_all_the_same, ledger_fixture) {
    constexpr std::size_t cases = 400;
    {
        auto opened = open();
        for (std::size_t i = 0; i < cases; ++i) {
            put(*opened.ledger, accepted(sample("case-" + std::to_string(i)), "task-" + std::to_string(i)));
            opened.ledger->note(case_key("liveness", "case-" + std::to_string(i)), {utc_time(), "polled", "PENDING"});
        }
        test::run_coroutine(loop, opened.ledger->flush());
    }
    run_sql("ALTER TABLE event DROP COLUMN times; DROP TABLE answer_times; PRAGMA user_version = 3");
    overwrite(file, std::filesystem::file_size(file) / 2 / 4096 * 4096, 3 * 4096);
    auto opened = open();
    BOOST_REQUIRE(opened.set_aside.has_value());
    BOOST_TEST(recover(*opened.ledger).size() > cases / 2);
    const auto read = open_reader(file);
    BOOST_REQUIRE(read.has_value());
    const auto lives = (**read)->show({});
    BOOST_REQUIRE(lives.has_value());
    const auto has_event = [](const case_history& one) { return one.events.size() == 1 && one.events[0].times == 1; };
    BOOST_TEST(std::count_if(lives->begin(), lives->end(), has_event) > 100);
}

BOOST_FIXTURE_TEST_CASE(a_receipt_that_the_full_disk_does_not_take_survives_in_the_reserve, ledger_fixture) {
    {
        auto opened = open();
        put_intent(*opened.ledger, sample("A"));
        const auto wal = std::filesystem::file_size(file.string() + "-wal");
        const file_size_limit full(std::max<std::uintmax_t>(wal, std::filesystem::file_size(reserve_file)) + 1);
        // The log may still have room for a few pages; not for ever.
        bool refused = false;
        for (int polls = 0; polls < 200 && !refused; ++polls) {
            auto record = accepted(sample("A"), "task-1");
            record.polls = static_cast<std::uint32_t>(polls);
            refused = !wait_for(opened.ledger->put(record)).has_value();
            if (!refused) (void)wait_for(opened.ledger->put(sample("A")));
        }
        BOOST_REQUIRE(refused);
    }
    auto again = open();
    const auto found = recover(*again.ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 1u);
    BOOST_TEST(found[0].task_id() == "task-1");
    BOOST_TEST(!found[0].files().empty());
    reserve after(reserve_file);
    BOOST_REQUIRE(after.prepare().has_value());
    BOOST_TEST(after.empty());
}

BOOST_FIXTURE_TEST_CASE(a_reserved_receipt_of_an_attempt_that_was_repeated_means_nothing, ledger_fixture) {
    {
        reserve kept(reserve_file);
        BOOST_REQUIRE(kept.keep(accepted(sample("A"), "task-1")).has_value());
        BOOST_REQUIRE(kept.keep(accepted(sample("lost"), "task-2")).has_value());
    }
    {
        auto opened = open();
        auto second = sample("A");
        second.last->number = 2;
        put_intent(*opened.ledger, second);
    }
    const auto found = recover(*open().ledger);
    BOOST_REQUIRE_EQUAL(found.size(), 2u);
    BOOST_TEST(found[0].outcome_unknown());
    BOOST_TEST(found[1].key.name == "lost"); // the ledger knew nothing of it: the receipt is all there is
    BOOST_TEST(found[1].task_id() == "task-2");
}

BOOST_FIXTURE_TEST_CASE(the_reserve_takes_as_many_receipts_as_it_has_slots, ledger_fixture) {
    reserve kept(reserve_file);
    for (std::size_t i = 0; i < reserve::slots; ++i)
        BOOST_REQUIRE(kept.keep(accepted(sample("case-" + std::to_string(i)), "t")).has_value());
    BOOST_TEST(!kept.keep(accepted(sample("one more"), "t")).has_value());
    BOOST_TEST(kept.keep(accepted(sample("case-7"), "t")).has_value());
    kept.drop(case_key("liveness", "case-9"));
    BOOST_TEST(kept.keep(accepted(sample("one more"), "t")).has_value());
    BOOST_TEST(std::filesystem::file_size(reserve_file) == reserve::slots * reserve::slot_bytes);
    reserve again(reserve_file);
    BOOST_REQUIRE(again.prepare().has_value());
    BOOST_TEST(again.kept().size() == reserve::slots);
}

BOOST_FIXTURE_TEST_CASE(a_torn_slot_is_an_empty_one, ledger_fixture) {
    {
        reserve kept(reserve_file);
        BOOST_REQUIRE(kept.keep(accepted(sample("A"), "t")).has_value());
        BOOST_REQUIRE(kept.keep(accepted(sample("B"), "t")).has_value());
    }
    overwrite(reserve_file, 0, 20);
    reserve again(reserve_file);
    BOOST_REQUIRE(again.prepare().has_value());
    BOOST_REQUIRE_EQUAL(again.kept().size(), 1u);
    BOOST_TEST(again.kept()[0].key.name == "B");
}

BOOST_AUTO_TEST_SUITE_END()
