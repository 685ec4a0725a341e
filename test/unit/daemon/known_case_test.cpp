#include "told/known_case.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace std::chrono_literals;

namespace {

utc_time at(std::int64_t ms) {
    return utc_time(std::chrono::milliseconds(ms));
}

} // namespace

BOOST_AUTO_TEST_SUITE(known_case_suite)

BOOST_AUTO_TEST_CASE(a_question_is_one_line_and_names_the_case_whatever_it_is_called) {
    for (const std::string name : {"A-1", "with \"quotes\" and \\", "two\nlines", "\xc3\xa4"}) {
        const auto line = to_line({"kyc_card", name, true, lane::bulk});
        BOOST_TEST(line.find('\n') == line.size() - 1);
        const auto read = read_question(line);
        BOOST_REQUIRE(read);
        BOOST_TEST(read->folder == "kyc_card");
        BOOST_TEST(read->name == name);
        BOOST_TEST(read->flat);
        BOOST_TEST((read->of == lane::bulk));
    }
    BOOST_TEST(!read_question(to_line({"kyc_card", "A-1", false, lane::live}))->flat);
}

BOOST_AUTO_TEST_CASE(what_is_no_question_is_none) {
    for (const std::string line :
         {"", "status", "{}", "[]", "{\"case\": 1}", "{\"case\": {}}", "{\"case\": {\"folder\": \"x\"}}", "\xff\xfe",
          "{\"case\": {\"folder\": [], \"name\": {}}}", "{\"case\": {\"folder\": \"x\", \"name\": \"y\"}} and more"})
        BOOST_TEST(!read_question(line), line);
}

BOOST_AUTO_TEST_CASE(an_answer_is_read_as_it_was_written) {
    known_case said;
    said.scans_again = false;
    said.entry.emplace();
    said.entry->where = known_entry::place::waiting;
    said.entry->wait = inbox_wait::not_permitted;
    said.entry->why = "rename \"A-1\": Permission denied";
    said.entry->still_since = at(1'000);
    said.entry->fails_at = at(2'000);
    said.entry->next_look_at = at(3'000);
    said.task = known_task{7, "HTTP 200, PENDING", at(4'000)};
    const auto read = read_known_case(to_json(said));
    BOOST_REQUIRE(read);
    BOOST_TEST(!read->scans_again);
    BOOST_REQUIRE(read->entry);
    BOOST_TEST((read->entry->where == known_entry::place::waiting));
    BOOST_TEST((read->entry->wait == inbox_wait::not_permitted));
    BOOST_TEST(read->entry->why == said.entry->why);
    BOOST_TEST((read->entry->still_since == at(1'000)));
    BOOST_TEST((read->entry->fails_at == at(2'000)));
    BOOST_TEST((read->entry->next_look_at == at(3'000)));
    BOOST_REQUIRE(read->task);
    BOOST_TEST(read->task->polls_not_noted == 7u);
    BOOST_TEST(read->task->heard == "HTTP 200, PENDING");
    BOOST_TEST((read->task->next_poll_at == at(4'000)));

    const auto nothing = read_known_case(to_json({}));
    BOOST_REQUIRE(nothing);
    BOOST_TEST(nothing->scans_again);
    BOOST_TEST(!nothing->entry);
    BOOST_TEST(!nothing->task);
}

BOOST_AUTO_TEST_CASE(another_document_is_no_answer_and_a_part_that_is_not_understood_is_none) {
    for (const std::string text : {"", "[]", "{\"schema\": \"kycd.status/1\"}", "{\"schema\": \"kycd.known/2\"}"})
        BOOST_TEST(!read_known_case(text), text);
    const auto read =
        read_known_case(R"({"schema": "kycd.known/1", "entry": {"place": "nowhere"}, "task": {"next_poll_at": 1}})");
    BOOST_REQUIRE(read);
    BOOST_TEST(!read->entry);
    BOOST_TEST(!read->task);
}

BOOST_AUTO_TEST_SUITE_END()
