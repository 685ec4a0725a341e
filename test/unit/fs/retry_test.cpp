#include "fs/retry.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;
using namespace kyc::test;

namespace {

using tree_of = std::map<std::string, std::string>;

/// A spool with failed cases, on one file system or two.
struct desk : spool {
    explicit desk(const stdfs::path& far_inbox = {}) : spool(far_inbox) {}

    stdfs::path fail(const std::string& name, const std::map<std::string, std::string>& files,
                     const std::string& service = "kyc_card") const {
        auto place = failed() / service / name;
        for (const auto& [file, text] : files)
            put(place / file, text);
        put(place / "error.json", "why");
        return place;
    }

    fs::retried retry(const std::string& place, const std::string& name, bool flat = false,
                      const std::string& service = "kyc_card") const {
        const fs::failed_case which{case_key(service, place), name, flat};
        const auto done = fs::retry_case(layout, which, services.find(service), access);
        if (!done) throw std::runtime_error(done.error().message());
        return *done;
    }

    tree_of waiting() const { return tree(inbox() / "kyc_card"); }
};

/// With the inbox on this file system, and on another one where the machine has one.
std::vector<stdfs::path> inboxes() {
    std::vector<stdfs::path> all{{}};
    if (const auto other = other_file_system(); !other.empty()) all.push_back(other);
    return all;
}

const std::map<std::string, std::string> flat_files{
    {"A-1.front_id.png", "front"}, {"A-1.back_id.png", "back"}, {"A-1.json", "{}"}, {"A-1.done", ""}};

} // namespace

BOOST_AUTO_TEST_SUITE(retry_suite)

BOOST_AUTO_TEST_CASE(a_folder_goes_back_whole_but_for_its_error) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        d.fail("A-1", {{"front_id.png", "front"}, {"result.json.dropped", "mine"}, {"scans/1", "x"}});
        const auto done = d.retry("A-1", "A-1");
        BOOST_TEST(done.to == d.inbox() / "kyc_card/A-1");
        BOOST_TEST((d.waiting() == tree_of{{"A-1/", ""},
                                           {"A-1/front_id.png", "front"},
                                           {"A-1/result.json.dropped", "mine"},
                                           {"A-1/scans/", ""},
                                           {"A-1/scans/1", "x"}}));
        BOOST_TEST((tree(d.failed()) == tree_of{{"kyc_card/", ""}}));
    }
}

BOOST_AUTO_TEST_CASE(what_delivery_numbered_gets_its_name_back) {
    const desk d;
    d.fail("A-1~2", {{"front_id.png", "front"}});
    BOOST_TEST(d.retry("A-1~2", "A-1").to == d.inbox() / "kyc_card/A-1");
}

BOOST_AUTO_TEST_CASE(flat_files_go_back_flat) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        const auto failed = d.fail("A-1", flat_files);
        BOOST_TEST(fs::looks_flat(failed, "A-1", d.services.find("kyc_card")));
        BOOST_TEST(d.retry("A-1", "A-1", true).why_not == "");
        BOOST_TEST((d.waiting() == tree_of(flat_files)));
        BOOST_TEST((tree(d.failed()) == tree_of{{"kyc_card/", ""}}));
    }
}

BOOST_AUTO_TEST_CASE(a_folder_of_field_names_does_not_look_flat) {
    const desk d;
    const auto* target = d.services.find("kyc_card");
    BOOST_TEST(!fs::looks_flat(d.fail("A-1", {{"front_id.png", "x"}, {"case.json", "{}"}}), "A-1", target));
    BOOST_TEST(!fs::looks_flat(d.fail("A-2", {{"A-2.front_id.png", "x"}, {"note.txt", "x"}}), "A-2", target));
    BOOST_TEST(!fs::looks_flat(d.fail("A-3", {{"A-3.front_id.png", "x"}, {"A-3/x", "x"}}), "A-3", target));
    BOOST_TEST(!fs::looks_flat(d.fail("A-4", {}), "A-4", target));
}

BOOST_AUTO_TEST_CASE(nothing_in_the_inbox_is_replaced_or_added_to) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        d.fail("A-1", {{"front_id.png", "front"}});
        d.fail("B-1", {{"B-1.front_id.png", "front"}});
        d.fail("C-1", {{"C-1.front_id.png", "front"}});
        put(d.inbox() / "kyc_card/A-1/front_id.png", "another");
        put(d.inbox() / "kyc_card/B-1.back_id.png", "another"); // the same stem: they would become one case
        put(d.inbox() / "kyc_card/C-1/front_id.png", "another");
        const auto before = tree(d.failed());
        const auto waiting = d.waiting();
        for (const auto* name : {"A-1", "B-1", "C-1"}) {
            const auto done = d.retry(name, name, *name != 'A');
            BOOST_TEST(done.to.empty());
            BOOST_TEST(done.why_not.find("already") != std::string::npos);
        }
        BOOST_TEST((tree(d.failed()) == before));
        BOOST_TEST((d.waiting() == waiting));
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_kycds_or_not_there_stays) {
    const desk d;
    put(d.failed() / "kyc_card/mine/x", "x");
    BOOST_TEST(d.retry("mine", "mine").why_not.find("no error.json") != std::string::npos);
    BOOST_TEST(d.retry("gone", "gone").why_not.find("not in failed/") != std::string::npos);
    BOOST_TEST(d.retry("gone", "gone", false, "liveness").why_not.find("not in failed/") != std::string::npos);
    BOOST_TEST(stdfs::exists(d.failed() / "kyc_card/mine/x"));
}

BOOST_AUTO_TEST_CASE(a_link_in_place_of_a_folder_is_not_followed) {
    const desk d;
    put(d.near.path() / "elsewhere/error.json", "x");
    stdfs::create_directories(d.failed() / "kyc_card");
    stdfs::create_symlink(d.near.path() / "elsewhere", d.failed() / "kyc_card/A-1");
    BOOST_CHECK_THROW(static_cast<void>(d.retry("A-1", "A-1")), std::runtime_error);
    BOOST_TEST(stdfs::exists(d.near.path() / "elsewhere/error.json"));
}

BOOST_AUTO_TEST_CASE(a_retry_that_was_cut_short_is_gone_on_with) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        const auto marked = d.fail("A-1", {{"front_id.png", "front"}});
        stdfs::rename(marked / "error.json", marked / fs::retried_mark);
        BOOST_TEST(d.retry("A-1", "A-1").why_not == "");
        const auto half = d.fail("B-1", {{"B-1.back_id.png", "back"}});
        stdfs::rename(half / "error.json", half / fs::retried_mark);
        put(d.inbox() / "kyc_card/B-1.front_id.png", "front"); // went before the kill
        BOOST_TEST(d.retry("B-1", "B-1", true).why_not == "");
        BOOST_TEST((d.waiting() == tree_of{{"A-1/", ""},
                                           {"A-1/front_id.png", "front"},
                                           {"B-1.front_id.png", "front"},
                                           {"B-1.back_id.png", "back"}}));
        BOOST_TEST((tree(d.failed()) == tree_of{{"kyc_card/", ""}}));
    }
}

BOOST_AUTO_TEST_CASE(a_copy_that_has_arrived_is_never_made_again) {
    const desk d;
    const std::string id(32, 'a');
    const auto place = d.fail("A-1", {{"front_id.png", "front"}});
    stdfs::rename(place / "error.json", place / fs::retried_mark);
    put(place / ".kycd.moving.tmp", "copied\n" + id);
    // The copy is still there: it goes in, and the original away.
    put(d.inbox() / ".kycd-retry" / id / "A-1/front_id.png", "front");
    BOOST_TEST(d.retry("A-1", "A-1").why_not == "");
    BOOST_TEST((d.waiting() == tree_of{{"A-1/", ""}, {"A-1/front_id.png", "front"}}));
    BOOST_TEST(!stdfs::exists(place));

    // It has gone in, and was claimed: only the original goes away.
    const auto second = d.fail("B-1", {{"front_id.png", "front"}});
    stdfs::rename(second / "error.json", second / fs::retried_mark);
    put(second / ".kycd.moving.tmp", "copied\n" + id);
    stdfs::create_directories(d.inbox() / ".kycd-retry" / id);
    BOOST_TEST(d.retry("B-1", "B-1").why_not == "");
    BOOST_TEST(!stdfs::exists(d.inbox() / "kyc_card/B-1"));
    BOOST_TEST(!stdfs::exists(second));

    // Nobody can tell: a person has to look.
    const auto third = d.fail("C-1", {{"front_id.png", "front"}});
    stdfs::rename(third / "error.json", third / fs::retried_mark);
    put(third / ".kycd.moving.tmp", "copied\n" + id);
    BOOST_TEST(d.retry("C-1", "C-1").why_not.find("cut short") != std::string::npos);
    BOOST_TEST(stdfs::exists(third / "front_id.png"));
}

BOOST_AUTO_TEST_CASE(a_copy_that_was_not_finished_is_removed_and_made_again) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        const std::string id(32, 'a');
        const auto failed = d.fail("A-1", flat_files);
        stdfs::rename(failed / "error.json", failed / fs::retried_mark);
        put(failed / ".kycd.moving.tmp", "copying\n" + id);
        put(failed / ".kycd..kycd.moving.tmp.tmp", "half");
        put(d.inbox() / ".kycd-retry" / id / "A-1/A-1.front_id.png", "half");
        BOOST_TEST(d.retry("A-1", "A-1", true).why_not == "");
        BOOST_TEST((d.waiting() == tree_of(flat_files.begin(), flat_files.end())));
        BOOST_TEST(!stdfs::exists(failed));
        BOOST_TEST(tree(d.inbox() / ".kycd-retry").empty());
    }
}

BOOST_AUTO_TEST_CASE(what_is_left_of_a_case_that_has_gone_back_is_removed) {
    const desk d;
    stdfs::create_directories(d.failed() / "kyc_card/A-1");
    BOOST_TEST(d.retry("A-1", "A-1").why_not.find("not in failed/") != std::string::npos);
    BOOST_TEST(!stdfs::exists(d.failed() / "kyc_card/A-1"));
}

BOOST_AUTO_TEST_CASE(a_service_folder_that_is_missing_is_made_like_the_inbox) {
    const desk d;
    d.fail("A-1", {{"image.png", "x"}}, "face_liveness");
    stdfs::permissions(d.inbox(), stdfs::perms(0750));
    BOOST_TEST(d.retry("A-1", "A-1", false, "face_liveness").why_not == "");
    BOOST_TEST(mode_of(d.inbox() / "face_liveness") == 0750u);
}

BOOST_AUTO_TEST_SUITE_END()
