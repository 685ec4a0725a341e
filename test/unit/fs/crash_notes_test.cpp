#include "fs/atomic_file.hpp"
#include "fs/crash_notes.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(crash_notes_suite)

BOOST_AUTO_TEST_CASE(each_line_blames_a_case_once) {
    const test::spool spool;
    const auto& layout = spool.layout;
    BOOST_TEST(fs::read_crash_notes(layout).value().empty());
    const auto notes = fs::open_crash_notes(layout);
    BOOST_REQUIRE(notes.has_value());
    const std::string text = "liveness/A 1\nkyc_card/B\nliveness/A 1\nno case at all\n";
    BOOST_REQUIRE_EQUAL(fs::write_all(notes->get(), std::as_bytes(std::span{text})), 0);
    const auto blamed = fs::read_crash_notes(layout).value();
    BOOST_REQUIRE_EQUAL(blamed.size(), 2u);
    BOOST_TEST(blamed.at(case_key("liveness", "A 1")).before_task == 2u);
    BOOST_TEST(blamed.at(case_key("kyc_card", "B")).all() == 1u);
}

BOOST_AUTO_TEST_CASE(what_broke_down_at_an_answer_is_told_from_what_broke_down_before_there_was_a_task) {
    const test::spool spool;
    const auto& layout = spool.layout;
    const auto notes = fs::open_crash_notes(layout);
    const std::string text = "liveness/A\nliveness/A\ttask\nreverify/liveness/A\ttask\nliveness/A\ttask\nliveness/B\n";
    BOOST_REQUIRE_EQUAL(fs::write_all(notes->get(), std::as_bytes(std::span{text})), 0);
    for (const auto& ended : {case_key("liveness", "nobody"), case_key("liveness", "B")}) {
        BOOST_REQUIRE(fs::forget_crashes(layout, ended).has_value()); // the others are written anew
        const auto blamed = fs::read_crash_notes(layout).value();
        BOOST_TEST(blamed.at(case_key("liveness", "A")).before_task == 1u);
        BOOST_TEST(blamed.at(case_key("liveness", "A")).at_answer == 2u);
        BOOST_TEST(blamed.at(case_key("liveness", "A", lane::bulk)).before_task == 0u);
        BOOST_TEST(blamed.at(case_key("liveness", "A", lane::bulk)).at_answer == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_case_that_has_ended_is_forgotten_while_the_file_stays_open) {
    const test::spool spool;
    const auto& layout = spool.layout;
    const auto notes = fs::open_crash_notes(layout);
    const auto blame = [&notes](const std::string& line) {
        BOOST_REQUIRE_EQUAL(fs::write_all(notes->get(), std::as_bytes(std::span{line})), 0);
    };
    blame("liveness/A\n");
    blame("liveness/B\n");
    BOOST_TEST(fs::forget_crashes(layout, case_key("liveness", "A")).has_value());
    BOOST_TEST(fs::forget_crashes(layout, case_key("liveness", "never there")).has_value());
    blame("liveness/B\n");
    const auto blamed = fs::read_crash_notes(layout).value();
    BOOST_REQUIRE_EQUAL(blamed.size(), 1u);
    BOOST_TEST(blamed.at(case_key("liveness", "B")).all() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
