#pragma once
// A ledger in a folder of its own, used the way a coroutine uses it but from straight-line tests.

#include "async/blocking_pool.hpp"
#include "async/task_group.hpp"
#include "ledger/ledger.hpp"
#include "support/run_coroutine.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include <utility>

namespace kyc::test {

struct ledger_fixture {
    temporary_folder folder;
    std::filesystem::path file = folder.path() / "state" / "ledger.db";
    std::filesystem::path reserve_file = folder.path() / "receipts";
    boost::asio::io_context loop;
    async::blocking_pool pool{1};

    ledger::opened_ledger open() {
        auto opened = ledger::open_ledger(file, reserve_file, loop.get_executor(), pool, 1);
        BOOST_REQUIRE(opened.has_value());
        return std::move(*opened);
    }

    /// As another program, or another version of kycd, would change the file.
    void run_sql(const char* sql) const {
        sqlite3* raw = nullptr;
        BOOST_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &raw), SQLITE_OK);
        char* error = nullptr;
        BOOST_TEST(sqlite3_exec(raw, sql, nullptr, nullptr, &error) == SQLITE_OK, error);
        sqlite3_close(raw);
    }

    /// Awaits a call of the ledger and returns what it came to.
    template<class T>
    T wait_for(async::awaitable<T> call) {
        std::optional<T> outcome;
        run_coroutine(loop, keep(std::move(call), outcome));
        return std::move(*outcome);
    }

    void put(ledger::ledger& book, const ledger::case_record& record) {
        BOOST_REQUIRE(wait_for(book.put(record)).has_value());
    }

    std::optional<duplicate_facts> put_intent(ledger::ledger& book, const ledger::case_record& record) {
        auto done = wait_for(book.put_intent(record));
        BOOST_REQUIRE(done.has_value());
        return *done;
    }

    std::vector<ledger::case_record> recover(ledger::ledger& book) {
        auto found = wait_for(book.recover());
        BOOST_REQUIRE(found.has_value());
        return std::move(*found);
    }

    /// A case whose first attempt is about to be sent; its image is told by `seed`.
    static ledger::case_record sample(const std::string& name, char seed = 'a') {
        ledger::case_record record;
        record.key = case_key("liveness", name);
        record.service = "face_liveness";
        record.taken_at = *from_iso8601("2026-11-20T01:02:02.000Z");
        record.fingerprint = std::string(64, seed);
        record.attempts = 1;
        file_facts image;
        image.field = "image";
        image.name = "Bild \"1\" \xC3\xA4.jpg";
        image.bytes = 181234;
        image.sha256 = std::string(64, seed);
        image.width = 1440;
        image.height = 1080;
        ledger::attempt first;
        first.number = 1;
        first.sent.push_back(image);
        first.sent_at = *from_iso8601("2026-11-20T01:02:03.456Z");
        record.last = first;
        return record;
    }

    /// The same with its receipt.
    static ledger::case_record accepted(ledger::case_record record, const std::string& task) {
        record.last->outcome = ledger::attempt_outcome::accepted;
        record.last->task_id = task;
        record.last->ended_at = *from_iso8601("2026-11-20T01:02:04.000Z");
        return record;
    }

    static ledger::case_end delivered(const std::string& place, const std::string& reply = {}) {
        ledger::case_end end;
        end.state = ledger::case_state::delivered;
        end.at = *from_iso8601("2026-11-20T01:03:00.000Z");
        end.word = "pass";
        end.place = place;
        end.reply = reply;
        return end;
    }

  private:
    template<class T>
    static async::awaitable<void> keep(async::awaitable<T> call, std::optional<T>& outcome) {
        outcome.emplace(co_await std::move(call));
    }
};

} // namespace kyc::test
