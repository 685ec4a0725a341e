#include "ledger/reader.hpp"
#include "ledger/store.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::ledger;

namespace {

utc_time at(const char* text) {
    return *from_iso8601(text);
}

case_record sample(const std::string& name, const std::string& service = "kyc_card") {
    case_record record;
    record.key = case_key(service, name);
    record.service = service;
    record.taken_at = at("2026-11-20T01:00:00.000Z");
    record.attempts = 1;
    attempt last;
    last.number = 1;
    last.sent_at = at("2026-11-20T01:00:01.000Z");
    file_facts file;
    file.field = "front_id";
    file.name = "front \"id\"\n.png";
    file.bytes = 12;
    file.sha256 = std::string(64, 'b');
    last.sent.push_back(file);
    record.last = last;
    return record;
}

case_end ended(case_state state, const char* word, const char* time) {
    case_end end;
    end.state = state;
    end.at = at(time);
    end.word = word;
    end.place = "/spool/outbox/kyc_card/A";
    return end;
}

struct fixture {
    test::temporary_folder folder;
    std::filesystem::path file = folder.path() / "ledger.db";

    /// One delivered case after an unknown outcome, one that is open and waits for its answer.
    void write(store& book) const {
        book.begin();
        auto record = sample("A");
        static_cast<void>(book.put_intent(record));
        record.last->number = 2;
        record.attempts = 2;
        static_cast<void>(book.put_intent(record));
        record.last->outcome = attempt_outcome::accepted;
        record.last->ended_at = at("2026-11-20T01:00:02.000Z");
        record.last->http_status = 201;
        record.last->task_id = "t-1";
        book.put(record);
        book.note(record.key, {at("2026-11-20T01:00:03.000Z"), "polled", "state PENDING", 7});
        book.close(record, ended(case_state::delivered, "pass", "2026-11-20T01:00:04.000Z"));
        auto other = sample("B", "liveness");
        other.service = "face_liveness";
        static_cast<void>(book.put_intent(other));
        book.put_answer_times("kyc_card", "{}");
        book.commit();
    }

    std::unique_ptr<reader> open() const {
        auto opened = open_reader(file);
        BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? std::string() : opened.error()));
        BOOST_REQUIRE(opened->has_value());
        return std::move(**opened);
    }

    std::string refusal() const {
        const auto opened = open_reader(file);
        BOOST_REQUIRE(opened.has_error());
        return opened.error();
    }

    std::vector<std::string> names(const case_filter& which) const {
        std::vector<std::string> found;
        const auto done = open()->list(which, [&](const case_history& each) {
            found.push_back(each.about.key.name);
            return true;
        });
        BOOST_TEST(done.has_value());
        return found;
    }

    std::size_t files() const {
        const auto begin = std::filesystem::directory_iterator(folder.path());
        return static_cast<std::size_t>(std::distance(begin, std::filesystem::directory_iterator()));
    }
};

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(reader_suite, fixture)

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_no_error) {
    const auto opened = open_reader(file);
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST(!opened->has_value());
    BOOST_TEST(files() == 0u);
}

BOOST_AUTO_TEST_CASE(a_case_is_shown_with_every_attempt_and_event_beside_the_writer) {
    store book(file);
    write(book);
    case_filter which;
    which.name = "A";
    const auto shown = open()->show(which);
    BOOST_REQUIRE(shown.has_value());
    BOOST_REQUIRE(shown->size() == 1u);
    const auto& one = shown->front();
    BOOST_TEST((one.state == case_state::delivered));
    BOOST_TEST(one.end.word == "pass");
    BOOST_TEST(one.unknown_outcomes == 1u);
    BOOST_REQUIRE(one.attempts.size() == 2u);
    BOOST_TEST((one.attempts[0].outcome == attempt_outcome::unknown));
    BOOST_TEST((one.attempts[1].outcome == attempt_outcome::accepted));
    BOOST_TEST(one.attempts[1].task_id == "t-1");
    BOOST_TEST(one.attempts[1].http_status.value_or(0) == 201);
    BOOST_REQUIRE(one.attempts[1].sent.size() == 1u);
    BOOST_TEST(one.attempts[1].sent[0].name == "front \"id\"\n.png");
    BOOST_REQUIRE(one.events.size() == 1u);
    BOOST_TEST(one.events[0].kind == "polled");
    BOOST_TEST(one.events[0].times == 7u);
    BOOST_REQUIRE(one.about.last.has_value());
    BOOST_TEST(one.about.last->number == 2u);
}

BOOST_AUTO_TEST_CASE(a_list_is_filtered_by_all_that_is_set) {
    store book(file);
    write(book);
    BOOST_TEST(names({}) == (std::vector<std::string>{"A", "B"}), boost::test_tools::per_element());
    case_filter open_ones;
    open_ones.state = case_state::open;
    BOOST_TEST(names(open_ones) == (std::vector<std::string>{"B"}), boost::test_tools::per_element());
    case_filter of_service;
    of_service.service = "face_liveness";
    BOOST_TEST(names(of_service).size() == 1u);
    of_service.folder = "face_liveness"; // it was dropped as liveness
    BOOST_TEST(names(of_service).empty());
    case_filter late;
    late.since = at("2026-11-20T01:00:04.000Z"); // B was taken before
    BOOST_TEST(names(late) == (std::vector<std::string>{"A"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_long_list_comes_whole_and_can_be_left) {
    store book(file);
    book.begin();
    for (int i = 0; i < 1203; ++i)
        static_cast<void>(book.put_intent(sample("case-" + std::to_string(i))));
    book.commit();
    BOOST_TEST(names({}).size() == 1203u);
    int seen = 0;
    const auto done = open()->list({}, [&](const case_history&) { return ++seen < 700; });
    BOOST_TEST(done.has_value());
    BOOST_TEST(seen == 700);
}

BOOST_AUTO_TEST_CASE(counts_are_by_service_and_state) {
    store book(file);
    write(book);
    const auto read = open();
    const auto counted = read->count();
    BOOST_REQUIRE(counted.has_value());
    BOOST_REQUIRE(counted->size() == 2u);
    BOOST_TEST(counted->at(0).service == "face_liveness");
    BOOST_TEST((counted->at(0).state == case_state::open));
    BOOST_TEST(counted->at(0).unknown_outcomes == 1u);
    BOOST_TEST(counted->at(1).cases == 1u);
    BOOST_TEST((counted->at(1).oldest == at("2026-11-20T01:00:00.000Z")));
    BOOST_TEST(*read->ended_since(at("2026-11-20T01:00:04.000Z")) == 1u);
    BOOST_TEST(*read->ended_since(at("2026-11-20T01:00:04.001Z")) == 0u);
    BOOST_TEST((*read->answer_times() == std::map<std::string, std::string>{{"kyc_card", "{}"}}));
}

BOOST_AUTO_TEST_CASE(a_re_verification_is_counted_by_itself_and_is_no_case_that_ended) {
    store book(file);
    write(book);
    auto again = sample("A");
    again.key.lane = kyc::lane::bulk;
    book.begin();
    static_cast<void>(book.put_intent(again));
    book.close(again, ended(case_state::failed, "REJECTED", "2026-11-20T01:00:05.000Z"));
    book.commit();
    const auto read = open();
    const auto counted = read->count();
    BOOST_REQUIRE(counted.has_value());
    const auto of = [&](kyc::lane which, case_state state) {
        std::uint64_t cases = 0;
        for (const auto& each : *counted)
            if (each.lane == which && each.state == state) cases += each.cases;
        return cases;
    };
    BOOST_TEST(of(kyc::lane::live, case_state::failed) == 0u);
    BOOST_TEST(of(kyc::lane::bulk, case_state::failed) == 1u);
    BOOST_TEST(of(kyc::lane::live, case_state::delivered) == 1u);
    BOOST_TEST(*read->ended_since(at("2026-11-20T01:00:04.000Z")) == 1u);
    std::vector<std::string> words;
    const auto visit = [&words](const ended_case& each) { words.push_back(each.word); };
    BOOST_REQUIRE(read->ended(at("2026-11-20T00:00:00.000Z"), at("2026-11-21T00:00:00.000Z"), visit).has_value());
    BOOST_TEST(words == (std::vector<std::string>{"pass"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_ended_in_a_time_comes_in_the_order_of_the_ends_page_after_page) {
    store book(file);
    write(book);
    book.begin();
    // Three of each second, so that a page ends within one.
    for (int i = 0; i < 1202; ++i) {
        auto record = sample("case-" + std::to_string(i));
        static_cast<void>(book.put_intent(record));
        auto end =
            ended(i % 2 == 0 ? case_state::failed : case_state::delivered, "REJECTED", "2026-11-21T00:00:00.000Z");
        end.at += std::chrono::seconds((1202 - i) / 3);
        book.close(record, end);
    }
    auto left = sample("gone");
    static_cast<void>(book.put_intent(left));
    book.close(left, ended(case_state::gone, "", "2026-11-21T00:00:00.000Z"));
    book.commit();
    const auto read = open();
    std::vector<ended_case> all;
    const auto visit = [&all](const ended_case& each) { all.push_back(each); };
    BOOST_REQUIRE(read->ended(at("2026-11-20T01:00:04.000Z"), at("2026-11-22T00:00:00.000Z"), visit).has_value());
    BOOST_REQUIRE(all.size() == 1203u);
    const auto is_earlier = [](const ended_case& a, const ended_case& b) { return a.ended_at < b.ended_at; };
    BOOST_TEST(std::is_sorted(all.begin(), all.end(), is_earlier));
    std::set<std::string> names;
    for (const auto& each : all)
        names.insert(each.key.name);
    BOOST_TEST(names.size() == 1203u);
    BOOST_TEST(all[0].key.name == "A");
    BOOST_TEST(all[0].word == "pass");
    BOOST_TEST((all[0].state == case_state::delivered));
    BOOST_TEST((all[0].taken_at == at("2026-11-20T01:00:00.000Z")));
    BOOST_TEST((all[0].ended_at == at("2026-11-20T01:00:04.000Z")));
    BOOST_TEST(all[1].service == "kyc_card");
    all.clear();
    BOOST_REQUIRE(read->ended(at("2026-11-20T01:00:04.001Z"), at("2026-11-21T00:00:02.000Z"), visit).has_value());
    BOOST_TEST(all.size() == 5u); // of the seconds 0 and 1; the last bound is not in it
}

BOOST_AUTO_TEST_CASE(without_a_writer_nothing_is_left_beside_the_file) {
    {
        store book(file);
        write(book);
    }
    BOOST_TEST(files() == 1u);
    BOOST_TEST(names({}).size() == 2u);
    BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(what_a_killed_writer_left_is_read_and_stays_its_owners) {
    store book(file);
    write(book);
    // As after a kill: the WAL holds it all, and the shared memory went with the machine.
    const auto killed = folder.path() / "killed.db";
    std::filesystem::copy_file(file, killed);
    std::filesystem::copy_file(file.string() + "-wal", killed.string() + "-wal");
    const bool root = ::geteuid() == 0;
    constexpr uid_t nobody = 65534;
    if (root) {
        BOOST_REQUIRE(::chown(killed.c_str(), nobody, nobody) == 0);
        BOOST_REQUIRE(::chown((killed.string() + "-wal").c_str(), nobody, nobody) == 0);
    }
    file = killed;
    BOOST_TEST(names({}).size() == 2u);

    struct stat found {};

    for (const char* end : {"", "-wal", "-shm"}) {
        BOOST_REQUIRE(::stat((file.string() + end).c_str(), &found) == 0);
        BOOST_TEST(found.st_uid == (root ? nobody : ::geteuid()));
    }
    BOOST_TEST((found.st_mode & 077) == 0u); // of the one that was made anew
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_named_with_what_happens_to_it) {
    std::ofstream(file) << std::string(4096, 'x');
    BOOST_TEST(contains(refusal(), file.string()));
    BOOST_TEST(contains(refusal(), "sets it aside"));
}

BOOST_AUTO_TEST_CASE(other_versions_are_refused_with_what_to_do) {
    {
        store book(file);
        book.file().execute("PRAGMA user_version=99");
    }
    BOOST_TEST(contains(refusal(), "newer kycd (schema 99"));
    {
        database book(file);
        book.execute("PRAGMA user_version=1");
    }
    BOOST_TEST(contains(refusal(), "older kycd (schema 1"));
    BOOST_TEST(contains(refusal(), "kycd run"));
}

BOOST_AUTO_TEST_CASE(a_folder_in_its_place_is_named) {
    std::filesystem::create_directory(file);
    BOOST_TEST(contains(refusal(), "is no file"));
}

BOOST_AUTO_TEST_SUITE_END()
