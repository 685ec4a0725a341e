#include "fs/ended_cases.hpp"
#include "fs/inbox.hpp"
#include "fs/removal.hpp"
#include "fs/ticket_files.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <variant>
#include <vector>

using namespace kyc;
namespace stdfs = std::filesystem;
using fs::ticket_file;
using fs::ticket_wish;
using test::ordinary_user;
using test::put;
using test::spool;
using test::text_of;
using test::tree;

namespace {

stdfs::path inbox_of(const spool& box) {
    return box.inbox() / "reverify";
}

std::vector<ticket_file> listed(const spool& box) {
    auto found = fs::list_tickets(box.layout);
    BOOST_REQUIRE_MESSAGE(found.has_value(), (found.has_value() ? "" : found.error().message()));
    return std::move(*found);
}

/// "file=name:wish", sorted.
std::vector<std::string> in_words(const spool& box) {
    std::vector<std::string> words;
    for (const auto& each : listed(box))
        words.push_back(each.file + "=" + each.name + ":" + std::to_string(static_cast<int>(each.wish)));
    std::sort(words.begin(), words.end());
    return words;
}

/// The only ticket there.
ticket_file only(const spool& box) {
    const auto all = listed(box);
    BOOST_REQUIRE(all.size() == 1u);
    return all.front();
}

failure_code end_of(const spool& box, const ticket_file& which) {
    const auto read = fs::read_ticket(box.layout, which);
    BOOST_REQUIRE(!read.has_value());
    BOOST_REQUIRE(std::holds_alternative<failure>(read.error()));
    const auto end = std::get<failure>(read.error());
    BOOST_TEST(!end.message.empty());
    BOOST_TEST(end.advice.find("image") == std::string::npos); // of a case, not of a ticket
    return end.code;
}

void set_age(const stdfs::path& file, std::chrono::hours age) {
    stdfs::last_write_time(file, stdfs::file_time_type::clock::now() - age);
}

std::string fault_of(const result<void>& done) {
    return done.has_value() ? "no fault" : done.error().code.message();
}

std::string code_message(int number) {
    return std::error_code(number, std::system_category()).message();
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_files)

BOOST_FIXTURE_TEST_CASE(a_file_without_a_byte_is_told_from_one_that_says_something, spool) {
    put(inbox() / "reverify" / "a.yaml", "");
    BOOST_TEST(only(*this).empty);
    put(inbox() / "reverify" / "a.yaml", "{}");
    BOOST_TEST(!only(*this).empty);
}

BOOST_AUTO_TEST_CASE(a_ticket_is_one_by_its_name_which_says_what_is_wanted) {
    const spool box;
    for (const auto* file : {"a.yaml", "b.yml", "c.yaml.paused", "d.yml.cancelled", "E.YAML", "f.YML.Paused",
                             "g h ü.yaml", "i.j.yaml", "names.csv", "k.yaml.tmp", ".l.yaml", "m.yaml.status.txt",
                             "n.yaml.done", ".yaml", "o.paused", "~$p.yaml", "q.yaml.paused.bak", "readme"})
        put(inbox_of(box) / file, "x: 1\n");
    stdfs::create_directory(inbox_of(box) / "folder.yaml");
    const std::vector<std::string> expected{"E.YAML=E:0",         "a.yaml=a:0",          "b.yml=b:0",
                                            "c.yaml.paused=c:1",  "d.yml.cancelled=d:2", "f.YML.Paused=f:1",
                                            "g h ü.yaml=g h ü:0", "i.j.yaml=i.j:0"};
    BOOST_TEST(in_words(box) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_oldest_comes_first_and_of_several_files_the_one_that_asks_for_least) {
    const spool box;
    for (const auto& [file, hours] : std::vector<std::pair<std::string, int>>{
             {"b.yaml", 3}, {"a.yaml", 2}, {"z.yaml", 4}, {"a.yaml.cancelled", 1}, {"a.yaml.paused", 5}}) {
        put(inbox_of(box) / file, "x");
        set_age(inbox_of(box) / file, std::chrono::hours(hours));
    }
    std::vector<std::string> files;
    for (const auto& each : listed(box))
        files.push_back(each.file);
    BOOST_TEST(files == (std::vector<std::string>{"z.yaml", "b.yaml", "a.yaml.cancelled"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(no_folder_of_tickets_is_none_and_no_inbox_is_a_fault) {
    const spool box;
    BOOST_TEST(stdfs::is_directory(inbox_of(box))); // made with the services' folders
    stdfs::remove(inbox_of(box));
    BOOST_TEST(listed(box).empty());
    stdfs::remove_all(box.inbox());
    BOOST_TEST(!fs::list_tickets(box.layout).has_value());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_a_ticket_ends_as_one_and_is_never_followed) {
    const spool box;
    put(box.near.path() / "outside", "secret");
    stdfs::create_symlink(box.near.path() / "outside", inbox_of(box) / "link.yaml");
    BOOST_REQUIRE(::mkfifo((inbox_of(box) / "fifo.yaml").c_str(), 0600) == 0);
    put(inbox_of(box) / "large.yaml", std::string((16u << 20) + 1, '#'));
    put(inbox_of(box) / "full.yaml", std::string(16u << 20, '#'));
    const auto all = listed(box);
    const auto named = [&](const std::string& name) {
        return *std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    };
    BOOST_TEST((end_of(box, named("link")) == failure_code::not_a_regular_file));
    BOOST_TEST((end_of(box, named("fifo")) == failure_code::not_a_regular_file));
    BOOST_TEST((end_of(box, named("large")) == failure_code::file_too_large));
    BOOST_TEST(fs::read_ticket(box.layout, named("full")).has_value());
    const auto gone = fs::read_ticket(box.layout, {"gone", "gone.yaml", ticket_wish::run, {}});
    BOOST_REQUIRE(!gone.has_value());
    BOOST_TEST(std::holds_alternative<fault>(gone.error()));
}

BOOST_AUTO_TEST_CASE(a_ticket_that_may_not_be_read_says_so) {
    if (!ordinary_user::has_others()) return; // nobody else's files can be made
    const spool box;
    put(inbox_of(box) / "a.yaml", "x");
    stdfs::permissions(inbox_of(box) / "a.yaml", stdfs::perms{0600});
    for (const auto& path : {box.near.path(), box.inbox(), inbox_of(box)})
        stdfs::permissions(path, stdfs::perms{0755});
    stdfs::permissions(box.work(), stdfs::perms{0755});
    const auto which = only(box);
    const ordinary_user user;
    BOOST_TEST((end_of(box, which) == failure_code::file_unreadable));
}

BOOST_AUTO_TEST_CASE(a_file_beside_a_ticket_is_read_and_no_link_followed) {
    const spool box;
    put(inbox_of(box) / "names.csv", "name\n");
    stdfs::create_symlink("/etc/passwd", inbox_of(box) / "link.csv");
    BOOST_TEST(*fs::read_beside_ticket(box.layout, "names.csv") == "name\n");
    BOOST_TEST(!fs::read_beside_ticket(box.layout, "link.csv").has_value());
    BOOST_TEST(fs::read_beside_ticket(box.layout, "none.csv").error().code.value() == ENOENT);
}

BOOST_AUTO_TEST_CASE(a_wish_renames_the_file_and_never_over_another) {
    const spool box;
    put(inbox_of(box) / "a.yml", "mine");
    BOOST_TEST(fs::wish_for(box.layout, "a", ticket_wish::pause).has_value());
    BOOST_TEST(fs::wish_for(box.layout, "a", ticket_wish::pause).has_value()); // it does already
    BOOST_TEST(only(box).file == "a.yml.paused");
    put(inbox_of(box) / "a.yml", "other");
    BOOST_TEST(fault_of(fs::wish_for(box.layout, "a", ticket_wish::run)) == code_message(EEXIST));
    BOOST_TEST(text_of(inbox_of(box) / "a.yml") == "other");
    BOOST_TEST(fs::wish_for(box.layout, "a", ticket_wish::cancel).has_value());
    BOOST_TEST(only(box).file == "a.yml.cancelled");
    stdfs::remove(inbox_of(box) / "a.yml");
    BOOST_TEST(fs::wish_for(box.layout, "a", ticket_wish::run).has_value());
    BOOST_TEST(text_of(inbox_of(box) / "a.yml") == "mine");
    BOOST_TEST(fault_of(fs::wish_for(box.layout, "b", ticket_wish::run)) == code_message(ENOENT));
    stdfs::remove_all(inbox_of(box));
    BOOST_TEST(fault_of(fs::wish_for(box.layout, "a", ticket_wish::run)) == code_message(ENOENT));
}

BOOST_AUTO_TEST_CASE(a_ticket_is_dropped_whole_and_never_over_one_of_its_name) {
    spool box;
    stdfs::remove(inbox_of(box));
    BOOST_REQUIRE(fs::drop_ticket(box.layout, "a", "service: kyc_card\n", box.access).has_value());
    BOOST_TEST(text_of(inbox_of(box) / "a.yaml") == "service: kyc_card\n");
    BOOST_TEST(test::mode_of(inbox_of(box)) == 0700u);
    BOOST_TEST(test::mode_of(inbox_of(box) / "a.yaml") == 0600u);
    for (const auto* other : {"a.yaml", "a.yml", "a.yaml.paused", "a.yml.cancelled"}) {
        stdfs::remove_all(inbox_of(box));
        put(inbox_of(box) / other, "old");
        BOOST_TEST(fault_of(fs::drop_ticket(box.layout, "a", "new", box.access)) == code_message(EEXIST), other);
        BOOST_TEST(tree(inbox_of(box)).size() == 1u); // nor anything half written
        BOOST_TEST(text_of(inbox_of(box) / other) == "old");
    }
    box.access.group = ::getegid();
    BOOST_REQUIRE(fs::drop_ticket(box.layout, "b", "x", box.access).has_value());
    BOOST_TEST(test::mode_of(inbox_of(box) / "b.yaml") == 0660u);
}

BOOST_AUTO_TEST_CASE(only_the_text_that_was_run_is_removed_whatever_it_asks_for_by_now) {
    const spool box;
    put(inbox_of(box) / "a.yaml", "ran");
    const auto which = only(box);
    BOOST_TEST(fs::remove_ticket(box.layout, which, "another").has_value());
    BOOST_TEST(stdfs::exists(inbox_of(box) / "a.yaml"));
    stdfs::rename(inbox_of(box) / "a.yaml", inbox_of(box) / "a.yaml.paused");
    put(inbox_of(box) / "a.yaml", "dropped anew");
    put(inbox_of(box) / "b.yaml", "ran");
    BOOST_TEST(fs::remove_ticket(box.layout, which, "ran").has_value());
    BOOST_TEST(
        (tree(inbox_of(box)) == std::map<std::string, std::string>{{"a.yaml", "dropped anew"}, {"b.yaml", "ran"}}));
    stdfs::remove(inbox_of(box) / "a.yaml");
    stdfs::create_symlink(inbox_of(box) / "b.yaml", inbox_of(box) / "a.yaml");
    BOOST_TEST(fs::remove_ticket(box.layout, which, "ran").has_value());
    BOOST_TEST(stdfs::is_symlink(inbox_of(box) / "a.yaml"));
    stdfs::remove_all(inbox_of(box));
    BOOST_TEST(fs::remove_ticket(box.layout, which, "ran").has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_ticket_goes_to_failed_with_what_is_wrong) {
    const spool box;
    put(inbox_of(box) / "a.yaml", "servce: x\n");
    const auto first = fs::reject_ticket(box.layout, only(box), "{1}", box.access);
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(*first == box.failed() / "reverify/a");
    BOOST_TEST(listed(box).empty());
    put(inbox_of(box) / "a.yaml", "another: x\n");
    const auto second = fs::reject_ticket(box.layout, only(box), "{2}", box.access);
    BOOST_TEST(*second == box.failed() / "reverify/a~2");
    const std::map<std::string, std::string> expected{
        {"a/", ""},   {"a/a.yaml", "servce: x\n"},    {"a/error.json", "{1}"},
        {"a~2/", ""}, {"a~2/a.yaml", "another: x\n"}, {"a~2/error.json", "{2}"}};
    BOOST_TEST((tree(box.failed() / "reverify") == expected));
    BOOST_TEST(test::mode_of(*first / "a.yaml") == 0600u);
}

BOOST_AUTO_TEST_CASE(a_refusal_that_was_cut_short_is_ended_in_its_place) {
    const spool box;
    const auto place = box.failed() / "reverify/a";
    // As a crash leaves it before the file moved, while the note was written, and after a copy.
    for (const auto* left : {"error.json", ".kycd.error.json.tmp", "a.yaml"}) {
        stdfs::remove_all(place);
        put(place / left, left == std::string("a.yaml") ? "x" : "{");
        put(inbox_of(box) / "a.yaml", "x");
        const auto went = fs::reject_ticket(box.layout, only(box), "{}", box.access);
        BOOST_REQUIRE(went.has_value());
        BOOST_TEST(*went == place);
        BOOST_TEST(text_of(place / "a.yaml") == "x");
        BOOST_TEST(text_of(place / "error.json") == "{}");
        BOOST_TEST(listed(box).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_ticket_with_a_name_that_no_case_may_have_is_refused_too) {
    const spool box;
    const std::string name = "a\nb\xff";
    put(inbox_of(box) / (name + ".yaml"), "x");
    stdfs::create_symlink("/etc/passwd", inbox_of(box) / "link.yaml");
    BOOST_REQUIRE(::mkfifo((inbox_of(box) / "fifo.yaml").c_str(), 0600) == 0);
    for (const auto& each : listed(box))
        BOOST_TEST(fs::reject_ticket(box.layout, each, "{}", box.access).has_value(), each.file);
    BOOST_TEST(listed(box).empty());
    BOOST_TEST(text_of(box.failed() / "reverify/a%0Ab%FF" / (name + ".yaml")) == "x");
    BOOST_TEST(stdfs::is_symlink(box.failed() / "reverify/link/link.yaml"));
    BOOST_TEST(stdfs::is_fifo(box.failed() / "reverify/fifo/fifo.yaml"));
}

BOOST_AUTO_TEST_CASE(a_refused_ticket_crosses_file_systems) {
    const auto other = test::other_file_system();
    if (other.empty()) return; // this machine has one alone
    const spool box(other);
    put(inbox_of(box) / "a.yaml", "x");
    put(inbox_of(box) / "b.yaml", "x");
    stdfs::remove(inbox_of(box) / "b.yaml");
    stdfs::create_symlink("/etc/passwd", inbox_of(box) / "b.yaml");
    for (const auto& each : listed(box))
        BOOST_TEST(fs::reject_ticket(box.layout, each, "{}", box.access).has_value(), each.file);
    BOOST_TEST(listed(box).empty());
    BOOST_TEST(text_of(box.failed() / "reverify/a/a.yaml") == "x");
    // A link elsewhere means nothing there; what was wrong is told.
    BOOST_TEST((tree(box.failed() / "reverify/b") == std::map<std::string, std::string>{{"error.json", "{}"}}));
}

BOOST_AUTO_TEST_CASE(a_report_comes_whole_and_is_replaced_where_it_was) {
    spool box;
    const auto write = [&](const stdfs::path& before, const std::string& text) {
        const auto done =
            fs::write_ticket_report(box.layout, "a", before, {{"report.json", text}, {"report.csv", "c"}}, box.access);
        BOOST_REQUIRE_MESSAGE(done.has_value(), (done.has_value() ? "" : done.error().message()));
        return *done;
    };
    const auto first = write({}, "1");
    BOOST_TEST(first == box.outbox() / "reverify/a");
    BOOST_TEST(test::mode_of(first) == 0700u);
    BOOST_TEST(test::mode_of(first / "report.json") == 0600u);
    const auto second = write({}, "2");
    BOOST_TEST(second == box.outbox() / "reverify/a~2");
    put(second / "somebody's note", "n");
    box.access.group = ::getegid();
    BOOST_TEST(write(second, "3") == second);
    BOOST_TEST(test::mode_of(second / "report.json") == 0660u);
    BOOST_TEST((tree(second) == std::map<std::string, std::string>{
                                    {"report.json", "3"}, {"report.csv", "c"}, {"somebody's note", "n"}}));
    BOOST_TEST(text_of(first / "report.json") == "1");
    // Taken away meanwhile: it comes anew.
    stdfs::remove_all(first);
    BOOST_TEST(write(first, "4") == first);
    BOOST_TEST(stdfs::is_empty(box.outbox() / ".kycd"));
}

BOOST_AUTO_TEST_CASE(a_report_comes_to_the_place_that_was_free_for_it) {
    spool box;
    const auto write = [&](const stdfs::path& before) {
        return *fs::write_ticket_report(box.layout, "a", before, {{"report.json", "1"}}, box.access);
    };
    for (const char* name : {"a", "a~2"}) {
        const auto place = *fs::free_report_place(box.layout, "a");
        BOOST_TEST(place == box.outbox() / "reverify" / name);
        BOOST_TEST(write(place) == place);
        BOOST_TEST(write(place) == place); // once more, after a crash
    }
}

BOOST_AUTO_TEST_CASE(a_report_clears_away_what_a_crash_left_of_one) {
    spool box;
    stdfs::create_directories(box.outbox() / ".kycd/report/a");
    put(box.outbox() / ".kycd/report/a/report.json", "half");
    const auto place = *fs::write_ticket_report(box.layout, "b", {}, {{"report.json", "1"}}, box.access);
    BOOST_TEST((tree(place) == std::map<std::string, std::string>{{"report.json", "1"}}));
    BOOST_TEST(stdfs::is_empty(box.outbox() / ".kycd"));
}

BOOST_AUTO_TEST_CASE(what_belongs_to_tickets_is_no_case) {
    const spool box;
    put(inbox_of(box) / "a.yaml", "x");
    put(inbox_of(box) / "case/selfie_image.jpg", "x");
    put(inbox_of(box) / "case.selfie_image.jpg", "x");
    put(box.outbox() / "reverify/a/report.json", "{}");
    put(box.failed() / "reverify/b/error.json", "{}");
    put(box.failed() / "kyc_card/A/error.json", "{}");
    const auto ended = fs::list_ended(box.layout);
    BOOST_REQUIRE(ended.has_value());
    BOOST_REQUIRE(ended->size() == 1u);
    BOOST_TEST(ended->front().key.folder == "kyc_card");
    const auto waiting = fs::make_inbox(box.layout, {}, box.services)->list();
    BOOST_REQUIRE(waiting.has_value());
    BOOST_TEST(waiting->entries.empty());
}

BOOST_AUTO_TEST_CASE(old_reports_and_refused_tickets_expire) {
    const spool box;
    const auto old = std::chrono::hours(48);
    for (const auto& file : {box.outbox() / "reverify/old/report.json", box.outbox() / "reverify/half/report.csv",
                             box.outbox() / "reverify/new/report.json", box.outbox() / "kyc_card/A/report.json",
                             box.failed() / "reverify/old/error.json", box.failed() / "reverify/new/error.json"}) {
        put(file, "{}");
        if (file.parent_path().filename() != "new") set_age(file, old);
    }
    const auto before = std::chrono::system_clock::now() - std::chrono::hours(24);
    for (const auto root : {fs::spool_root::outbox, fs::spool_root::failed}) {
        const auto expired = fs::list_expired(box.layout, root, before);
        BOOST_REQUIRE(expired.has_value());
        BOOST_REQUIRE(expired->size() == 1u);
        BOOST_TEST((expired->front().key == case_key("reverify", "old")));
        BOOST_TEST((*fs::remove_ended(box.layout, root, expired->front().key) == fs::removal::removed));
    }
    BOOST_TEST(!stdfs::exists(box.outbox() / "reverify/old"));
    BOOST_TEST(stdfs::exists(box.outbox() / "reverify/new/report.json"));
}

BOOST_AUTO_TEST_SUITE_END()
