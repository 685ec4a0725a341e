#include "core/case_name.hpp"
#include "fs/waiting_note.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace kyc;
namespace stdfs = std::filesystem;

namespace {

const std::string text = std::string(fs::note_mark) + "more\n";

fs::inbox_entry entry_of(const std::string& name, bool flat = false) {
    return {"kyc_card", name, flat, false};
}

bool put(const test::spool& at, const std::string& name, const std::string& what = text) {
    return fs::put_note(at.layout, entry_of(name), what, at.access).has_value();
}

} // namespace

BOOST_AUTO_TEST_SUITE(waiting_note_suite)

BOOST_AUTO_TEST_CASE(a_note_lies_beside_its_case_and_is_replaced_and_removed) {
    const test::spool at;
    const auto note = at.inbox() / "kyc_card/A-1.status.txt";
    BOOST_TEST(put(at, "A-1"));
    BOOST_TEST(test::text_of(note) == text);
    BOOST_TEST(test::mode_of(note) == 0600u);
    BOOST_TEST(put(at, "A-1", text + "again"));
    BOOST_TEST(test::text_of(note) == text + "again");
    BOOST_TEST(fs::remove_note(at.layout, entry_of("A-1")).has_value());
    BOOST_TEST(!stdfs::exists(note));
    BOOST_TEST(fs::remove_note(at.layout, entry_of("A-1")).has_value());
    BOOST_TEST(stdfs::is_empty(at.inbox() / "kyc_card"));
}

BOOST_AUTO_TEST_CASE(what_somebody_else_made_is_neither_replaced_nor_removed_nor_written_through) {
    const test::spool at;
    const auto folder = at.inbox() / "kyc_card";
    const auto outside = at.near.path() / "outside";
    test::put(outside, text);
    test::put(folder / "A-1.status.txt", "mine");
    stdfs::create_symlink(outside, folder / "A-2.status.txt");
    stdfs::create_hard_link(outside, folder / "A-3.status.txt");
    stdfs::create_directory(folder / "A-4.status.txt");
    stdfs::create_symlink(at.near.path() / "nowhere", folder / "A-5.status.txt");
    test::put(folder / "A-6.status.txt", "");
    const auto before = test::tree(at.inbox());
    for (const auto* name : {"A-1", "A-2", "A-3", "A-4", "A-5", "A-6"}) {
        BOOST_TEST(put(at, name, text + "ours"), name);
        BOOST_TEST(fs::remove_note(at.layout, entry_of(name)).has_value(), name);
    }
    BOOST_TEST(fs::remove_all_notes(at.layout).has_value());
    BOOST_TEST((test::tree(at.inbox()) == before));
    BOOST_TEST(test::text_of(outside) == text);
}

BOOST_AUTO_TEST_CASE(where_no_note_can_be_there_is_none_and_no_trouble) {
    const test::spool at;
    for (const auto& name :
         {std::string("../A-1"), std::string("a/b"), std::string("a\nb"), std::string(201, 'x'), std::string()})
        BOOST_TEST(put(at, name), name);
    BOOST_TEST(fs::put_note(at.layout, {"no_folder", "A-1", false, false}, text, at.access).has_value());
    BOOST_TEST(fs::remove_note(at.layout, {"no_folder", "A-1", false, false}).has_value());
    stdfs::create_directory(at.near.path() / "elsewhere");
    stdfs::create_symlink(at.near.path() / "elsewhere", at.inbox() / "linked");
    BOOST_TEST(fs::put_note(at.layout, {"linked", "A-1", false, false}, text, at.access).has_value());
    BOOST_TEST(stdfs::is_empty(at.near.path() / "elsewhere"));
    BOOST_TEST(put(at, std::string(200, 'x')));
    BOOST_TEST(stdfs::exists(at.inbox() / "kyc_card" / (std::string(200, 'x') + ".status.txt")));
}

BOOST_AUTO_TEST_CASE(an_inbox_that_is_away_is_a_fault) {
    const test::spool at;
    stdfs::rename(at.inbox(), at.near.path() / "away");
    BOOST_TEST(!put(at, "A-1"));
    BOOST_TEST(!fs::remove_all_notes(at.layout).has_value());
}

BOOST_AUTO_TEST_CASE(what_an_earlier_run_left_is_removed) {
    const test::spool at;
    BOOST_TEST(put(at, "A-1"));
    BOOST_TEST(fs::put_note(at.layout, {"liveness", "B-2", true, false}, text, at.access).has_value());
    test::put(at.inbox() / "kyc_card/A-1/front_id.jpg", "x");
    BOOST_TEST(fs::remove_all_notes(at.layout).has_value());
    BOOST_TEST(!stdfs::exists(at.inbox() / "kyc_card/A-1.status.txt"));
    BOOST_TEST(!stdfs::exists(at.inbox() / "liveness/B-2.status.txt"));
    BOOST_TEST(stdfs::exists(at.inbox() / "kyc_card/A-1/front_id.jpg"));
}

BOOST_AUTO_TEST_CASE(a_note_is_no_case_and_no_part_of_one) {
    test::spool at;
    for (const auto* service : {"kyc_card", "liveness"}) {
        test::put(at.inbox() / service / "A-1.image.jpg", "x");
        BOOST_TEST(fs::put_note(at.layout, {service, "A-1", true, false}, text, at.access).has_value());
        BOOST_TEST(fs::put_note(at.layout, {service, "B-2", true, false}, text, at.access).has_value());
    }
    const auto inbox = fs::make_inbox(at.layout, intake_settings(), at.services);
    const auto entries = inbox->list();
    BOOST_REQUIRE(entries.has_value());
    BOOST_REQUIRE(entries->entries.size() == 2u);
    for (const auto& entry : entries->entries) {
        BOOST_TEST(entry.name.starts_with("A-1"));
        BOOST_TEST(inbox->examine(entry, false).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
