#include "fs/case_files.hpp"
#include "fs/case_folder.hpp"
#include "fs/claim_steps.hpp"
#include "fs/root_mount.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

using files = std::map<std::string, std::string>;

claimed_case must_claim(spool& box, const std::string& name, bool flat = false,
                        const std::string& folder = "kyc_card") {
    const auto outcome = box.claim(folder, name, flat);
    BOOST_REQUIRE(outcome.has_value());
    return *outcome;
}

stdfs::path must_publish(spool& box, const claimed_case& which) {
    const auto went = publish(box.layout, which, box.access);
    BOOST_REQUIRE_MESSAGE(went.has_value(), went.error().message());
    return *went;
}

bool has_second_file_system() {
    if (!other_file_system().empty()) return true;
    BOOST_TEST_MESSAGE("skipped: this machine has no second file system");
    return false;
}

} // namespace

BOOST_AUTO_TEST_SUITE(case_folder)

BOOST_AUTO_TEST_CASE(a_spool_is_made_private_and_twice_is_the_same) {
    spool box;
    BOOST_TEST(mode_of(box.inbox()) == 0700u);
    BOOST_TEST(mode_of(box.inbox() / "liveness") == 0700u);
    BOOST_TEST(mode_of(box.work()) == 0700u);
    BOOST_TEST(mode_of(box.outbox()) == 0700u);
    const auto before = tree(box.near.path());
    stdfs::permissions(box.inbox(), stdfs::perms{0777});
    BOOST_TEST(prepare_spool(box.layout, {"kyc_card", "liveness"}, box.access).has_value());
    BOOST_TEST((tree(box.near.path()) == before));
    BOOST_TEST(mode_of(box.inbox()) == 0777u); // the administrator's choice stays
}

BOOST_AUTO_TEST_CASE(an_inbox_below_a_missing_mount_is_not_invented) {
    const temporary_folder root;
    const auto& at = root.path();
    const spool_layout layout{{at / "mnt/share/inbox", at / "work", at / "outbox", at / "failed"}};
    const auto done = prepare_spool(layout, {"kyc_card"}, {});
    BOOST_REQUIRE(!done.has_value());
    BOOST_TEST(done.error().message().find("mnt/share") != std::string::npos);
    BOOST_TEST(!stdfs::exists(at / "mnt"));
}

BOOST_AUTO_TEST_CASE(with_a_group_folders_and_files_are_its_readers_too) {
    spool box;
    const unsigned group = ::geteuid() == 0 ? 12345 : ::getegid();
    box.access.group = group;
    BOOST_REQUIRE(prepare_spool(box.layout, {"kyc_card"}, box.access).has_value());
    BOOST_TEST(mode_of(box.outbox()) == 02770u);
    put(box.inbox() / "kyc_card/A/sub/x.jpg", "x");
    const auto which = must_claim(box, "A");
    BOOST_REQUIRE(write_in_case(which, "result.json", "{}", box.access).has_value());
    const auto went = must_publish(box, which);
    for (const auto& path : {went, went / "sub", went.parent_path()}) {
        struct stat found {};

        BOOST_REQUIRE(::stat(path.c_str(), &found) == 0);
        BOOST_TEST(mode_of(path) == 02770u);
        BOOST_TEST(found.st_gid == group);
    }
    BOOST_TEST(mode_of(went / "sub/x.jpg") == 0660u);
    BOOST_TEST(mode_of(went / "result.json") == 0660u);
    BOOST_TEST(mode_of(box.work() / ".assembly") == 0700u);
}

BOOST_AUTO_TEST_CASE(a_published_case_is_private_and_what_its_links_name_is_left_alone) {
    spool box;
    put(box.near.path() / "victim", "x");
    put(box.near.path() / "hard", "x");
    stdfs::permissions(box.near.path() / "victim", stdfs::perms{0644});
    stdfs::permissions(box.near.path() / "hard", stdfs::perms{0644});
    const auto dropped = box.inbox() / "kyc_card/A";
    put(dropped / "x.jpg", "x");
    stdfs::permissions(dropped / "x.jpg", stdfs::perms{0666});
    stdfs::create_symlink(box.near.path() / "victim", dropped / "link");
    stdfs::create_hard_link(box.near.path() / "hard", dropped / "hard");
    BOOST_REQUIRE(::mkfifo((dropped / "fifo").c_str(), 0666) == 0);
    const auto went = must_publish(box, must_claim(box, "A"));
    BOOST_TEST(mode_of(went) == 0700u);
    BOOST_TEST(mode_of(went / "x.jpg") == 0600u);
    BOOST_TEST(mode_of(box.near.path() / "victim") == 0644u);
    BOOST_TEST(mode_of(box.near.path() / "hard") == 0644u);
    BOOST_TEST(stdfs::is_fifo(went / "fifo"));
}

BOOST_AUTO_TEST_CASE(a_folder_is_claimed_whole_and_is_gone_from_the_inbox) {
    spool box;
    put(box.inbox() / "kyc_card/A 1 ü/front_id.jpg", "front");
    put(box.inbox() / "kyc_card/A 1 ü/deep/er/notes.txt", "n");
    const auto which = must_claim(box, "A 1 ü");
    BOOST_TEST(which.folder.string() == (box.work() / "kyc_card/A 1 ü").string());
    BOOST_TEST(!which.flat);
    BOOST_TEST(tree(box.inbox() / "kyc_card").empty());
    BOOST_TEST(text_of(which.folder / "deep/er/notes.txt") == "n");
    BOOST_TEST(mode_of(which.folder) == 0700u);
    BOOST_TEST((box.claim("kyc_card", "A 1 ü").error() == claim_refusal::occupied));
    BOOST_TEST((box.claim("kyc_card", "B").error() == claim_refusal::gone));
    BOOST_TEST((box.claim("no_such_service", "B").error() == claim_refusal::gone));
}

BOOST_AUTO_TEST_CASE(a_second_case_of_the_name_waits_in_the_inbox_untouched) {
    spool box;
    put(box.inbox() / "kyc_card/A/x", "first");
    const auto which = must_claim(box, "A");
    put(box.inbox() / "kyc_card/A/x", "second");
    put(box.inbox() / "kyc_card/A.front_id.jpg", "flat");
    BOOST_TEST((box.claim("kyc_card", "A").error() == claim_refusal::occupied));
    BOOST_TEST((box.claim("kyc_card", "A", true).error() == claim_refusal::occupied));
    BOOST_TEST(text_of(which.folder / "x") == "first");
    BOOST_TEST((tree(box.inbox() / "kyc_card") == files{{"A/", ""}, {"A/x", "second"}, {"A.front_id.jpg", "flat"}}));
}

BOOST_AUTO_TEST_CASE(names_that_are_not_acceptable_are_encoded) {
    spool box;
    const std::string bad = "a\nb\xff";
    put(box.inbox() / "kyc_card" / bad / "x", "1");
    const auto which = must_claim(box, bad);
    BOOST_TEST(which.key.name.find('\n') == std::string::npos);
    BOOST_TEST(which.key.name.find('%') != std::string::npos);
    BOOST_TEST(text_of(box.work() / "kyc_card" / which.key.name / "x") == "1");
    put(box.inbox() / "bad\x01service/A/x", "1");
    const auto other = must_claim(box, "A", false, "bad\x01service");
    BOOST_TEST(other.key.folder.find('\x01') == std::string::npos);
    BOOST_TEST(stdfs::exists(other.folder / "x"));
}

BOOST_AUTO_TEST_CASE(a_producers_own_result_is_never_taken_for_kycds) {
    spool box;
    put(box.inbox() / "kyc_card/A/result.json", "forged");
    put(box.inbox() / "kyc_card/A/result.json.dropped", "older");
    put(box.inbox() / "kyc_card/A/error.json/x", "folder");
    const auto which = must_claim(box, "A");
    BOOST_TEST((tree(which.folder) == files{{"result.json.dropped", "older"},
                                            {"result.json.dropped~2", "forged"},
                                            {"error.json.dropped/", ""},
                                            {"error.json.dropped/x", "folder"}}));
    BOOST_TEST(!read_in_case(which, "result.json")->has_value());
    BOOST_REQUIRE(write_in_case(which, "result.json", "mine", box.access).has_value());
    BOOST_TEST(read_in_case(which, "result.json")->value() == "mine");
    if (::geteuid() != 0) return;
    BOOST_REQUIRE(::chown((which.folder / "result.json").c_str(), 4242, 4242) == 0);
    BOOST_TEST(!read_in_case(which, "result.json")->has_value());
}

BOOST_AUTO_TEST_CASE(writing_replaces_and_a_planted_temporary_link_is_not_written_through) {
    spool box;
    put(box.inbox() / "kyc_card/A/x", "1");
    const auto which = must_claim(box, "A");
    put(box.near.path() / "victim", "safe");
    stdfs::create_symlink(box.near.path() / "victim", which.folder / ".kycd.result.json.tmp");
    const std::string text(3'000'000, 'j');
    BOOST_REQUIRE(write_in_case(which, "result.json", text, box.access).has_value());
    BOOST_REQUIRE(write_in_case(which, "result.json", text + "2", box.access).has_value());
    BOOST_TEST((text_of(which.folder / "result.json") == text + "2"));
    BOOST_TEST(text_of(box.near.path() / "victim") == "safe");
    BOOST_TEST(mode_of(which.folder / "result.json") == 0600u);
    BOOST_TEST(tree(which.folder).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_flat_case_takes_its_files_and_nobody_elses) {
    spool box;
    const auto in = box.inbox() / "kyc_card";
    for (const auto* name : {"A.front_id.jpg", "A.BACK_ID.png", "A.json", "A.done", "A.txt"})
        put(in / name, name);
    for (const auto* name : {"AB.front_id.jpg", "A.front_id.jpg.part", ".A.json"})
        put(in / name, name);
    put(in / "A.selfie_image.jpg/inside", "a folder is a case of its own");
    stdfs::create_symlink("/etc/hostname", in / "A.selfie_image.png");
    const auto which = must_claim(box, "A", true);
    BOOST_TEST(which.flat);
    BOOST_TEST((tree(which.folder) == files{{"A.front_id.jpg", "A.front_id.jpg"},
                                            {"A.BACK_ID.png", "A.BACK_ID.png"},
                                            {"A.json", "A.json"},
                                            {"A.done", "A.done"},
                                            {"A.txt", "A.txt"},
                                            {"A.selfie_image.png", "-> /etc/hostname"}}));
    BOOST_TEST(tree(in).size() == 5u);
    BOOST_TEST((box.claim("kyc_card", "C", true).error() == claim_refusal::gone));
    put(in / "A.front_id.jpg", "later");
    BOOST_TEST((box.claim("kyc_card", "A", true).error() == claim_refusal::occupied));
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(found[0].flat);
    const auto went = must_publish(box, found[0]);
    BOOST_TEST(tree(box.work() / ".flat/kyc_card").empty());
    BOOST_TEST(stdfs::exists(went / "A.front_id.jpg"));
}

BOOST_AUTO_TEST_CASE(a_stale_flat_mark_does_not_stick_to_a_folder_case) {
    spool box;
    put(box.work() / ".flat/kyc_card/A", "");
    put(box.work() / ".flat/kyc_card/B", "");
    put(box.inbox() / "kyc_card/A/x", "1");
    must_claim(box, "A");
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(!found[0].flat);
    BOOST_TEST(tree(box.work() / ".flat/kyc_card").empty());
}

BOOST_AUTO_TEST_CASE(a_refusal_is_remembered_until_the_case_has_left_work) {
    spool box;
    const std::string bad = "a\nb";
    failure why{stage::intake, failure_code::bad_case_name, "the name a%0Ab cannot be a case's: \"control\"\n\xff"};
    why.advice = "Rename it.";
    for (const bool rejected : {false, true}) {
        put(box.inbox() / "kyc_card" / bad / "x", "1");
        const auto claimed = box.claim("kyc_card", bad, false, &why);
        BOOST_REQUIRE(claimed.has_value());
        BOOST_REQUIRE(claimed->refused.has_value());
        const auto mark = box.work() / ".refused/kyc_card" / claimed->key.name;
        BOOST_TEST(mode_of(mark) == 0600u);
        const auto found = box.recover();
        BOOST_REQUIRE(found.size() == 1u);
        BOOST_REQUIRE(found[0].refused.has_value());
        BOOST_TEST((found[0].refused->stage == stage::intake));
        BOOST_TEST((found[0].refused->code == failure_code::bad_case_name));
        BOOST_TEST(found[0].refused->message.find("cannot be a case's: \"control\"\n") != std::string::npos);
        BOOST_TEST(found[0].refused->advice == "Rename it.");
        const auto went =
            rejected ? reject(box.layout, found[0], box.access) : publish(box.layout, found[0], box.access);
        BOOST_REQUIRE(went.has_value());
        BOOST_TEST(!stdfs::exists(mark));
    }
}

BOOST_AUTO_TEST_CASE(a_stale_refusal_does_not_stick_to_another_case) {
    spool box;
    put(box.work() / ".refused/kyc_card/A", "{}");
    put(box.work() / ".refused/kyc_card/B", "{}");
    put(box.work() / ".refused/kyc_card/.kycd.C.tmp", "{");
    put(box.inbox() / "kyc_card/A/x", "1");
    BOOST_TEST(!must_claim(box, "A").refused.has_value());
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(!found[0].refused.has_value());
    BOOST_TEST(tree(box.work() / ".refused/kyc_card").empty());
}

BOOST_AUTO_TEST_CASE(a_refusal_that_cannot_be_understood_still_refuses) {
    spool box;
    put(box.work() / "kyc_card/A/x", "1");
    for (const std::string text : {"", "{", "[]", R"({"stage": "intake", "code": "NEW_CODE", "message": "m"})"}) {
        put(box.work() / ".refused/kyc_card/A", text);
        const auto found = box.recover();
        BOOST_REQUIRE(found.size() == 1u);
        BOOST_REQUIRE(found[0].refused.has_value());
        BOOST_TEST((found[0].refused->code == failure_code::file_unreadable));
        BOOST_TEST(found[0].refused->message.find(".refused/kyc_card/A") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_half_claimed_case_keeps_its_refusal) {
    spool box;
    const std::string note = R"({"stage": "intake", "code": "UNKNOWN_SERVICE", "message": "m"})";
    put(box.work() / ".assembly/kyc_card/A/x", "1");
    put(box.work() / ".refused/kyc_card/A", note);
    put(box.work() / "kyc_card/B/x", "in the way");
    put(box.work() / ".assembly/kyc_card/B/x", "2");
    put(box.work() / ".refused/kyc_card/B", note);
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 2u);
    BOOST_REQUIRE(found[0].refused.has_value());
    BOOST_TEST((found[0].refused->code == failure_code::unknown_service));
    BOOST_TEST(stdfs::exists(box.work() / ".refused/kyc_card/B"));
}

BOOST_AUTO_TEST_CASE(a_claim_that_stopped_half_way_is_resumed_or_goes_first) {
    spool box;
    put(box.work() / ".assembly/kyc_card/A/x", "staged");
    put(box.work() / ".assembly/.flat/kyc_card/F/F.front_id.jpg", "staged");
    BOOST_TEST(half_claimed(box.layout)->size() == 2u);
    const auto resumed = resume_claim(box.layout, {"kyc_card", "A"}, box.access);
    BOOST_REQUIRE(resumed.has_value());
    BOOST_REQUIRE(resumed->has_value());
    BOOST_TEST(text_of((*resumed)->folder / "x") == "staged");
    const auto returned = resume_claim(box.layout, {"kyc_card", "F"}, box.access);
    BOOST_REQUIRE(returned.has_value());
    BOOST_TEST(!returned->has_value());
    BOOST_TEST(text_of(box.inbox() / "kyc_card/F.front_id.jpg") == "staged");
    BOOST_TEST(!resume_claim(box.layout, {"kyc_card", "C"}, box.access)->has_value());
    // Not a second time, nor what lies in work/ for another reason: it may have been paid for.
    BOOST_TEST(!resume_claim(box.layout, {"kyc_card", "A"}, box.access)->has_value());
    put(box.work() / ".assembly/kyc_card/A/x", "in the way of a case in work/");
    BOOST_TEST(!resume_claim(box.layout, {"kyc_card", "A"}, box.access)->has_value());
    BOOST_TEST(half_claimed(box.layout)->size() == 1u);

    put(box.work() / ".assembly/kyc_card/B/x", "staged");
    put(box.inbox() / "kyc_card/B.front_id.jpg", "later");
    const auto first = must_claim(box, "B", true);
    BOOST_TEST(!first.flat);
    BOOST_TEST(text_of(first.folder / "x") == "staged");
    BOOST_TEST(stdfs::exists(box.inbox() / "kyc_card/B.front_id.jpg"));
}

BOOST_AUTO_TEST_CASE(claims_are_settled_whatever_lies_in_them) {
    spool box;
    put(box.inbox() / "kyc_card/A/deep/er/x", "1");
    BOOST_REQUIRE(::mkfifo((box.inbox() / "kyc_card/A/pipe").c_str(), 0600) == 0);
    stdfs::create_symlink("/nowhere", box.inbox() / "kyc_card/A/link");
    put(box.inbox() / "kyc_card/B.front_id.jpg", "2");
    put(box.inbox() / "stray", "");
    must_claim(box, "A");
    must_claim(box, "B", true);
    const auto before = tree(box.near.path());
    BOOST_TEST(settle_claims(box.layout).has_value());
    BOOST_TEST(settle_by_folder(*open_folder(box.inbox()), *open_folder(box.work())).has_value());
    BOOST_TEST((tree(box.near.path()) == before));
    stdfs::rename(box.work(), box.near.path() / "gone");
    BOOST_TEST(!settle_claims(box.layout).has_value());
}

BOOST_AUTO_TEST_CASE(a_link_or_pipe_in_a_cases_place_gets_a_folder_around_it) {
    spool box;
    put(box.near.path() / "secret/front_id.jpg", "secret");
    stdfs::create_directory_symlink(box.near.path() / "secret", box.inbox() / "kyc_card/A");
    BOOST_REQUIRE(::mkfifo((box.inbox() / "kyc_card/P").c_str(), 0600) == 0);
    const auto which = must_claim(box, "A");
    BOOST_TEST((tree(which.folder) == files{{"A", "-> " + (box.near.path() / "secret").string()}}));
    BOOST_REQUIRE(write_in_case(which, "error.json", "{}", box.access).has_value());
    BOOST_TEST(tree(box.near.path() / "secret").size() == 1u);
    BOOST_REQUIRE(reject(box.layout, which, box.access).has_value());
    BOOST_TEST(stdfs::exists(box.failed() / "kyc_card/A/error.json"));
    BOOST_TEST((tree(must_claim(box, "P").folder) == files{{"P", "special"}}));
}

BOOST_AUTO_TEST_CASE(a_service_folder_that_is_a_link_is_not_claimed_from) {
    spool box;
    put(box.near.path() / "elsewhere/A/x", "1");
    stdfs::create_directory_symlink(box.near.path() / "elsewhere", box.inbox() / "linked");
    BOOST_TEST(!claim(box.layout, {"linked", "A", false, false}, box.services, box.access).has_value());
    BOOST_TEST(stdfs::exists(box.near.path() / "elsewhere/A/x"));
}

BOOST_AUTO_TEST_CASE(a_delivery_never_replaces_another) {
    spool box;
    std::vector<std::string> went;
    for (const std::string text : {"one", "two", "three"}) {
        put(box.inbox() / "liveness/A/x", text);
        went.push_back(must_publish(box, must_claim(box, "A", false, "liveness")).filename().string());
    }
    const std::vector<std::string> expected{"A", "A~2", "A~3"};
    BOOST_TEST(went == expected, boost::test_tools::per_element());
    BOOST_TEST(text_of(box.outbox() / "liveness/A/x") == "one");
    BOOST_TEST(text_of(box.outbox() / "liveness/A~3/x") == "three");
    BOOST_TEST(box.recover().empty());
}

BOOST_AUTO_TEST_CASE(a_missing_outbox_is_a_fault_and_the_case_stays) {
    spool box;
    put(box.inbox() / "kyc_card/A/x", "1");
    const auto which = must_claim(box, "A");
    stdfs::remove_all(box.outbox());
    BOOST_TEST(!publish(box.layout, which, box.access).has_value());
    BOOST_TEST(stdfs::exists(which.folder / "x"));
    stdfs::create_directory(box.outbox());
    BOOST_TEST(text_of(must_publish(box, which) / "x") == "1");
}

BOOST_AUTO_TEST_CASE(a_folder_claim_cut_short_is_finished) {
    spool box;
    put(box.work() / ".assembly/kyc_card/A/result.json", "forged");
    for (int round = 0; round < 2; ++round) {
        const auto found = box.recover();
        BOOST_REQUIRE(found.size() == 1u);
        BOOST_TEST(found[0].key.name == "A");
        BOOST_TEST((tree(found[0].folder) == files{{"result.json.dropped", "forged"}}));
    }
}

BOOST_AUTO_TEST_CASE(a_half_assembled_flat_case_goes_back_to_the_inbox) {
    spool box;
    put(box.work() / ".assembly/.flat/kyc_card/A/A.front_id.jpg", "front");
    put(box.work() / ".flat/kyc_card/A", "");
    put(box.inbox() / "kyc_card/A.back_id.jpg", "back");
    for (int round = 0; round < 2; ++round) {
        BOOST_TEST(box.recover().empty());
        BOOST_TEST((tree(box.inbox() / "kyc_card") == files{{"A.front_id.jpg", "front"}, {"A.back_id.jpg", "back"}}));
    }
    BOOST_TEST(tree(must_claim(box, "A", true).folder).size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_half_assembled_flat_case_whose_name_is_taken_goes_on_as_a_whole) {
    spool box;
    put(box.work() / ".assembly/.flat/kyc_card/A/A.front_id.jpg", "old front");
    put(box.work() / ".assembly/.flat/kyc_card/A/A.back_id.jpg", "old back");
    put(box.inbox() / "kyc_card/A.front_id.jpg", "new front");
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(found[0].flat);
    BOOST_TEST((tree(found[0].folder) == files{{"A.front_id.jpg", "old front"}, {"A.back_id.jpg", "old back"}}));
    BOOST_TEST((tree(box.inbox() / "kyc_card") == files{{"A.front_id.jpg", "new front"}}));
}

BOOST_AUTO_TEST_CASE(strays_are_named_and_stop_nobody) {
    spool box;
    put(box.work() / "stray.txt", "x");
    put(box.work() / "kyc_card/file", "x");
    put(box.work() / "kyc_card/A/x", "x");
    put(box.work() / "kyc_card/A/.kycd.result.json.tmp", "half");
    stdfs::create_directory_symlink("/", box.work() / "kyc_card/link");
    put(box.work() / ".assembly/kyc_card/A/x", "another");
    std::vector<std::string> strays;
    const auto found = box.recover(&strays);
    BOOST_REQUIRE(found.size() == 1u);
    BOOST_TEST(strays.size() == 4u);
    BOOST_TEST((tree(found[0].folder) == files{{"x", "x"}}));
    BOOST_TEST(stdfs::exists(box.work() / ".assembly/kyc_card/A/x"));
}

BOOST_AUTO_TEST_CASE(a_missing_inbox_is_a_fault_of_recovery) {
    spool box;
    stdfs::remove_all(box.inbox());
    BOOST_TEST(!recover_work(box.layout, box.access).has_value());
}

BOOST_AUTO_TEST_CASE(a_case_goes_to_another_file_system_and_back) {
    if (!has_second_file_system()) return;
    spool box{other_file_system()};
    const auto dropped = box.inbox() / "kyc_card/A";
    put(dropped / "front_id.jpg", std::string(700'000, 'f'));
    put(dropped / "sub/note", "n");
    put(dropped / "result.json", "forged");
    stdfs::create_symlink("/etc/hostname", dropped / "link");
    BOOST_REQUIRE(::mkfifo((dropped / "fifo").c_str(), 0600) == 0);
    const auto which = must_claim(box, "A");
    const files expected{{"front_id.jpg", std::string(700'000, 'f')},
                         {"sub/", ""},
                         {"sub/note", "n"},
                         {"result.json.dropped", "forged"},
                         {"link", "-> /etc/hostname"}};
    BOOST_TEST((tree(which.folder) == expected));
    BOOST_TEST(mode_of(which.folder / "front_id.jpg") == 0600u);
    BOOST_TEST(tree(box.inbox() / "kyc_card").empty());
    BOOST_TEST(tree(box.inbox() / ".kycd/kyc_card").empty());

    put(box.inbox() / "kyc_card/B.front_id.jpg", "flat");
    const auto flat = must_claim(box, "B", true);
    BOOST_TEST((tree(flat.folder) == files{{"B.front_id.jpg", "flat"}}));
    const auto found = box.recover();
    BOOST_REQUIRE(found.size() == 2u);
    BOOST_TEST(!found[0].flat);
    BOOST_TEST(found[1].flat);
}

BOOST_AUTO_TEST_CASE(delivery_to_another_file_system_is_one_rename_there) {
    if (!has_second_file_system()) return;
    spool box{{}, other_file_system()};
    for (const std::string text : {"one", "two"}) {
        put(box.inbox() / "kyc_card/A/x", text);
        put(box.inbox() / "kyc_card/A/sub/y", text);
        const auto which = must_claim(box, "A");
        const auto went = must_publish(box, which);
        BOOST_TEST(went.filename().string() == (text == "one" ? "A" : "A~2"));
        BOOST_TEST((tree(went) == files{{"x", text}, {"sub/", ""}, {"sub/y", text}}));
        BOOST_TEST(mode_of(went / "x") == 0600u);
        BOOST_TEST(!stdfs::exists(which.folder));
    }
    BOOST_TEST(tree(box.outbox() / ".kycd").empty());
    BOOST_TEST(tree(box.work() / ".delivering/kyc_card").empty());
}

BOOST_AUTO_TEST_CASE(a_copying_claim_cut_short_is_done_once) {
    if (!has_second_file_system()) return;
    spool box{other_file_system()};
    const auto staged = box.inbox() / ".kycd/kyc_card";
    put(staged / "uncopied/x", "1"); // staged, half copied
    put(box.work() / ".assembly/.copy/kyc_card/uncopied/half", "");
    put(staged / "copied/x", "2"); // copied, source half removed
    put(box.work() / "kyc_card/copied/x", "2");
    put(box.work() / "kyc_card/copied/y", "2");
    put(staged / "delivered/x", "3"); // copied and long delivered
    put(box.work() / ".copied/kyc_card/delivered", "");
    put(box.inbox() / ".kycd/.flat/kyc_card/F/F.front_id.jpg", "4"); // a flat one, half staged
    for (int round = 0; round < 2; ++round) {
        const auto found = box.recover();
        BOOST_REQUIRE(found.size() == 2u);
        BOOST_TEST(found[0].key.name == "copied");
        BOOST_TEST(tree(found[0].folder).size() == 2u);
        BOOST_TEST(found[1].key.name == "uncopied");
        BOOST_TEST((tree(found[1].folder) == files{{"x", "1"}}));
        BOOST_TEST(tree(staged).empty());
        BOOST_TEST(!stdfs::exists(box.work() / ".copied/kyc_card/delivered"));
        BOOST_TEST((tree(box.inbox() / "kyc_card") == files{{"F.front_id.jpg", "4"}}));
    }
}

BOOST_AUTO_TEST_CASE(a_copying_delivery_cut_short_arrives_once) {
    spool box; // the notes mean the same on one file system
    const auto note = [&](const std::string& name, const std::string& state) {
        put(box.work() / ".delivering/kyc_card" / name,
            state + "\nid-" + name + "\n" + (box.outbox() / "kyc_card" / name).string() + "\n");
        put(box.work() / "kyc_card" / name / "x", name);
    };
    note("half", "copying");
    put(box.outbox() / ".kycd/id-half/half/partial", "");
    note("ready", "ready");
    put(box.outbox() / ".kycd/id-ready/ready/x", "ready");
    note("arrived", "ready");
    stdfs::create_directories(box.outbox() / ".kycd/id-arrived");
    put(box.outbox() / "kyc_card/arrived/x", "arrived");
    note("unmounted", "ready"); // nothing of it is there: it proves nothing, so the case is kept
    for (int round = 0; round < 2; ++round) {
        const auto found = box.recover();
        BOOST_REQUIRE(found.size() == 3u);
        BOOST_TEST(found[0].key.name == "half");
        BOOST_TEST(found[1].key.name == "ready");
        BOOST_TEST(found[2].key.name == "unmounted");
        BOOST_TEST(tree(box.outbox() / ".kycd").empty());
    }
    note("retried", "ready");
    stdfs::create_directories(box.outbox() / ".kycd/id-retried");
    const claimed_case again{{"kyc_card", "retried"}, box.work() / "kyc_card/retried", false};
    BOOST_TEST(must_publish(box, again).string() == (box.outbox() / "kyc_card/retried").string());
    BOOST_TEST(!stdfs::exists(again.folder));
}

BOOST_AUTO_TEST_CASE(a_very_deep_case_is_removed_after_it_was_copied) {
    if (!has_second_file_system()) return;
    spool box{other_file_system()};
    int here = ::open((box.inbox() / "kyc_card").c_str(), O_DIRECTORY);
    for (int depth = 0; depth < 300; ++depth) {
        const char* name = depth == 0 ? "A" : "d";
        BOOST_REQUIRE(::mkdirat(here, name, 0700) == 0);
        const int next = ::openat(here, name, O_DIRECTORY);
        ::close(here);
        here = next;
    }
    ::close(here);
    must_claim(box, "A");
    BOOST_TEST(tree(box.inbox() / ".kycd/kyc_card").empty());
}

namespace {

/// A spool of an ordinary user in which root, as a producer, puts things.
std::unique_ptr<spool> ordinary_spool(const stdfs::path& far_inbox = {}, const stdfs::path& far_outbox = {}) {
    if (!ordinary_user::has_others()) {
        BOOST_TEST_MESSAGE("skipped: only root can play two users");
        return nullptr;
    }
    const ordinary_user kycd;
    return std::make_unique<spool>(far_inbox, far_outbox);
}

result<claim_outcome> claim_as_kycd(const spool& box, const std::string& name, bool flat = false) {
    const ordinary_user kycd;
    return claim(box.layout, {"kyc_card", name, flat, false}, box.services, box.access);
}

bool is_not_permitted(const result<claim_outcome>& outcome, const std::string& mended_by) {
    if (!outcome || *outcome || !(outcome->error() == claim_refusal::not_permitted)) return false;
    BOOST_TEST_INFO(outcome->error().why);
    return outcome->error().why.find(mended_by) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(an_entry_that_kycd_may_not_move_stays_and_says_so) {
    const auto box = ordinary_spool();
    if (!box) return;
    put(box->inbox() / "kyc_card/A/front_id.jpg", "front");
    put(box->inbox() / "kyc_card/B.front_id.jpg", "front");
    const auto before = tree(box->inbox());
    const auto entry = (box->inbox() / "kyc_card/A").string();
    BOOST_TEST(is_not_permitted(claim_as_kycd(*box, "A"), "write permission on " + entry));
    // The service's folder is another thing to mend.
    stdfs::permissions(box->inbox() / "kyc_card", stdfs::perms(0500));
    BOOST_TEST(
        is_not_permitted(claim_as_kycd(*box, "B", true), "permission on " + (box->inbox() / "kyc_card").string()));
    BOOST_TEST((tree(box->inbox()) == before));
    stdfs::permissions(box->inbox() / "kyc_card", stdfs::perms(0700));
    stdfs::permissions(entry, stdfs::perms(0777));
    BOOST_TEST(claim_as_kycd(*box, "A")->has_value());
    BOOST_TEST(claim_as_kycd(*box, "B", true)->has_value());
}

BOOST_AUTO_TEST_CASE(work_that_refuses_is_the_systems_trouble) {
    const auto box = ordinary_spool();
    if (!box) return;
    put(box->inbox() / "kyc_card/A/front_id.jpg", "front");
    put(box->inbox() / "kyc_card/B.front_id.jpg", "front");
    stdfs::permissions(box->inbox() / "kyc_card/A", stdfs::perms(0777));
    {
        const ordinary_user kycd;
        stdfs::create_directories(box->work() / ".assembly/kyc_card");
        stdfs::create_directories(box->work() / ".assembly/.flat/kyc_card");
    }
    for (const bool flat : {false, true}) {
        const auto stage = box->work() / (flat ? ".assembly/.flat/kyc_card" : ".assembly/kyc_card");
        stdfs::permissions(stage, stdfs::perms(0500));
        const auto outcome = claim_as_kycd(*box, flat ? "B" : "A", flat);
        BOOST_TEST((!outcome && outcome.error().code == std::errc::permission_denied));
        stdfs::permissions(stage, stdfs::perms(0700));
    }
    for (const bool flat : {false, true}) {
        const auto outcome = claim_as_kycd(*box, flat ? "B" : "A", flat);
        BOOST_REQUIRE_MESSAGE(outcome.has_value(), outcome.error().message());
    }
}

BOOST_AUTO_TEST_CASE(an_entry_whose_forged_result_may_not_be_renamed_goes_back) {
    const auto box = ordinary_spool();
    if (!box) return;
    put(box->inbox() / "kyc_card/A/result.json", "forged");
    stdfs::permissions(box->inbox() / "kyc_card/A", stdfs::perms(01777)); // sticky: only its owner may
    BOOST_TEST(is_not_permitted(claim_as_kycd(*box, "A"), "result.json"));
    BOOST_TEST((tree(box->inbox() / "kyc_card") ==
                std::map<std::string, std::string>{{"A/", ""}, {"A/result.json", "forged"}}));
}

BOOST_AUTO_TEST_CASE(a_case_that_has_to_be_copied_waits_until_all_of_it_can_be_read) {
    const auto far = other_file_system();
    if (far.empty()) return;
    for (const bool far_inbox : {true, false}) {
        const auto box = ordinary_spool(far_inbox ? far : stdfs::path{}, far_inbox ? stdfs::path{} : far);
        if (!box) return;
        {
            const ordinary_user kycd;
            BOOST_REQUIRE(note_mounts(box->layout).has_value());
        }
        const auto in = box->inbox() / "kyc_card";
        put(in / "A/front_id.jpg", "front");
        put(in / "A/sub/notes.txt", "n");
        put(in / "B.front_id.jpg", "front");
        stdfs::permissions(in / "A", stdfs::perms(0777));
        const auto before = tree(in);
        for (const auto* name : {"A/sub/notes.txt", "A/sub", "B.front_id.jpg"}) {
            const auto mode = stdfs::status(in / name).permissions();
            stdfs::permissions(in / name, stdfs::perms::none);
            const bool flat = name[0] == 'B';
            BOOST_TEST_CONTEXT(name << (far_inbox ? ", in" : ", out")) {
                BOOST_TEST(is_not_permitted(claim_as_kycd(*box, flat ? "B" : "A", flat), "may not be read"));
            }
            stdfs::permissions(in / name, mode);
            BOOST_TEST((tree(in) == before));
        }
        for (const bool flat : {false, true}) {
            const auto outcome = claim_as_kycd(*box, flat ? "B" : "A", flat);
            BOOST_REQUIRE_MESSAGE(outcome.has_value(), outcome.error().message());
            BOOST_TEST(outcome->has_value());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
