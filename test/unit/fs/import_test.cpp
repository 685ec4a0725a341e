#include "fs/import_cases.hpp"
#include "spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

using namespace kyc;
using namespace kyc::test;

namespace {

using tree_of = std::map<std::string, std::string>;

constexpr std::uint64_t most = 1000;

/// A spool and a folder of scans, on one file system or two.
struct desk : spool {
    temporary_folder scans;
    fs::folder root;

    explicit desk(const stdfs::path& far_inbox = {}) : spool(far_inbox) {
        put(scans.path() / "a/front.png", "front");
        put(scans.path() / "a/back.jpg", "back");
        root = *fs::open_folder(scans.path());
    }

    std::unique_ptr<fs::case_import> begin() const {
        auto begun = fs::case_import::begin(layout, access);
        if (!begun) throw std::runtime_error(begun.error().message());
        return std::move(std::get<0>(*begun));
    }

    /// "" or why not.
    std::string stage(fs::case_import& import, const std::string& name, const std::string& path = "a/front.png",
                      const fs::case_import::image_check& check = {}) const {
        const fs::import_case wanted{
            {"kyc_card", name}, {{"front_id.png", path}, {"back_id.jpg", "a/back.jpg"}}, "{}", true};
        const auto staged = import.stage(root, wanted, most, check);
        if (staged) return *staged == 9 ? "" : "bytes";
        const auto trouble = staged.error();
        if (const auto* met = std::get_if<fault>(&trouble)) throw std::runtime_error(met->message());
        return std::get<fs::unfit_file>(trouble).why;
    }

    tree_of waiting() const { return tree(inbox() / "kyc_card"); }
};

tree_of with_cases(const std::vector<std::string>& names) {
    tree_of all;
    for (const auto& name : names) {
        const auto place = name + "/";
        all[place] = "";
        all[place + "front_id.png"] = "front";
        all[place + "back_id.jpg"] = "back";
        all[place + "case.json"] = "{}";
        all[place + ".done"] = "";
    }
    return all;
}

std::vector<stdfs::path> inboxes() {
    std::vector<stdfs::path> all{{}};
    if (const auto other = other_file_system(); !other.empty()) all.push_back(other);
    return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_suite)

BOOST_AUTO_TEST_CASE(a_group_is_in_the_inbox_whole_and_the_stage_is_gone) {
    for (const auto& place : inboxes()) {
        const desk d(place);
        {
            const auto import = d.begin();
            BOOST_TEST(d.stage(*import, "A-1") == "");
            BOOST_TEST(d.stage(*import, "A-2") == "");
            BOOST_TEST(import->staged() == 2u);
            BOOST_TEST(stdfs::is_empty(d.inbox() / "kyc_card"));
            const auto came = import->bring_in();
            BOOST_TEST(!came.trouble);
            BOOST_TEST((came.arrived == std::vector<case_key>{{"kyc_card", "A-1"}, {"kyc_card", "A-2"}}));
            BOOST_TEST(import->staged() == 0u);
        }
        BOOST_TEST((d.waiting() == with_cases({"A-1", "A-2"})));
        BOOST_TEST(stdfs::is_empty(d.inbox() / ".kycd-import"));
        BOOST_TEST(mode_of(d.inbox() / "kyc_card/A-1") == 0700u);
        BOOST_TEST(mode_of(d.inbox() / "kyc_card/A-1/front_id.png") == 0600u);
    }
}

BOOST_AUTO_TEST_CASE(a_file_with_two_names_becomes_one_of_its_own) {
    const desk d;
    stdfs::create_hard_link(d.scans.path() / "a/front.png", d.scans.path() / "again.png");
    const auto import = d.begin();
    BOOST_TEST(d.stage(*import, "A-1", "again.png") == "");
    static_cast<void>(import->bring_in());
    BOOST_TEST(stdfs::hard_link_count(d.inbox() / "kyc_card/A-1/front_id.png") == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_replaced) {
    const desk d;
    const auto import = d.begin();
    BOOST_TEST(d.stage(*import, "A-1") == "");
    BOOST_TEST(d.stage(*import, "A-2") == "");
    put(d.inbox() / "kyc_card/A-1/mine", "x");
    const auto came = import->bring_in();
    BOOST_TEST(!came.trouble);
    BOOST_TEST((came.taken == std::vector<case_key>{{"kyc_card", "A-1"}}));
    BOOST_TEST((came.arrived == std::vector<case_key>{{"kyc_card", "A-2"}}));
    BOOST_TEST((tree(d.inbox() / "kyc_card/A-1") == tree_of{{"mine", "x"}}));
}

BOOST_AUTO_TEST_CASE(a_service_folder_is_made_when_it_is_missing) {
    const desk d;
    stdfs::remove(d.inbox() / "kyc_card");
    const auto import = d.begin();
    BOOST_TEST(d.stage(*import, "A-1") == "");
    BOOST_TEST(import->bring_in().arrived.size() == 1u);
    BOOST_TEST(mode_of(d.inbox() / "kyc_card") == mode_of(d.inbox()));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_file_keeps_only_its_case_out) {
    const desk d;
    const auto scans = d.scans.path();
    put(scans / "empty.png", "");
    put(scans / "large.png", std::string(1001, 'x'));
    put(scans / "secret/key", "x");
    stdfs::create_symlink("a/front.png", scans / "link.png");
    stdfs::create_directory_symlink("/etc", scans / "etc");
    stdfs::create_directory(scans / "folder");
    BOOST_REQUIRE(::mkfifo((scans / "pipe").c_str(), 0600) == 0);
    const auto import = d.begin();
    const auto way_round = "../" + scans.filename().string() + "/a/front.png";
    const std::pair<std::string, std::string> files[] = {
        {"none.png", "none.png is not there"},
        {"a\\front.png", "a\\front.png is not there; folders in a path are parted by /, not by \\"},
        {"a/front.png/x", "a/front.png/x is not there"},
        {"empty.png", "empty.png is empty"},
        {"large.png", "large.png has 1001B; at most 1kB are allowed"},
        {"link.png", "link.png leads through a link"},
        {"etc/passwd", "etc/passwd leads through a link"},
        {way_round, way_round + " leads through a link"},
        {"folder", "folder is not a regular file"},
        {"pipe", "pipe is not a regular file"},
        {std::string("a/front.png\0.png", 16), "a/front.png\\x00.png is not a regular file"},
    };
    for (const auto& [path, why] : files)
        BOOST_TEST(d.stage(*import, "A-1", path) == why);
    if (ordinary_user::has_others()) {
        stdfs::permissions(scans / "secret/key", stdfs::perms::none);
        stdfs::permissions(scans, stdfs::perms::others_all, stdfs::perm_options::add);
        stdfs::permissions(scans / "secret", stdfs::perms::others_all, stdfs::perm_options::add);
        const ordinary_user somebody;
        const auto opened = fs::open_source(d.root, "secret/key", most);
        BOOST_REQUIRE(!opened);
        BOOST_TEST(std::get<fs::unfit_file>(opened.error()).why == "secret/key may not be read");
    }
    BOOST_TEST(import->staged() == 0u);
    BOOST_TEST(d.stage(*import, "A-1") == "");
    BOOST_TEST(import->bring_in().arrived.size() == 1u);
    const auto waiting = tree(d.inbox() / "kyc_card");
    BOOST_TEST(waiting.size() == 5u);
}

BOOST_AUTO_TEST_CASE(what_was_checked_is_what_is_copied) {
    const desk d;
    const auto import = d.begin();
    std::string seen;
    const auto check = [&seen](std::span<const std::byte> bytes) -> std::optional<std::string> {
        seen.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (bytes.size() == 4) return "it is no picture";
        return std::nullopt;
    };
    BOOST_TEST(d.stage(*import, "A-1", "a/front.png", check) == "a/back.jpg: it is no picture");
    BOOST_TEST(seen == "frontback");
    BOOST_TEST(stdfs::is_empty(d.inbox() / "kyc_card"));
}

BOOST_AUTO_TEST_CASE(paths_stay_beneath_the_root) {
    const auto words = [](const std::string& path) {
        const auto found = fs::path_beneath("/scans/2026/", path);
        return found ? *found : found.error().why;
    };
    BOOST_TEST(words("a/b.jpg") == "a/b.jpg");
    BOOST_TEST(words("./a//b.jpg") == "a/b.jpg");
    BOOST_TEST(words("/scans/2026/a/b.jpg") == "a/b.jpg");
    BOOST_TEST(words("/scans/20260/b.jpg") == "/scans/20260/b.jpg is not under /scans/2026/");
    BOOST_TEST(words("/etc/passwd") == "/etc/passwd is not under /scans/2026/");
    BOOST_TEST(words("a/../b.jpg") == "a/../b.jpg has a part \"..\"");
    BOOST_TEST(words("/scans/2026/../2026/b.jpg") == "/scans/2026/../2026/b.jpg has a part \"..\"");
    BOOST_TEST(words("a..b/..c") == "a..b/..c");
}

BOOST_AUTO_TEST_CASE(one_at_a_time_and_what_a_killed_one_left_goes) {
    const desk d;
    {
        const auto import = d.begin();
        const auto second = fs::case_import::begin(d.layout, d.access);
        BOOST_REQUIRE(second);
        BOOST_TEST(std::holds_alternative<fs::case_import::busy>(*second));
    }
    put(d.inbox() / ".kycd-import/0123/kyc_card/A-1/front_id.png", "half");
    const auto import = d.begin();
    BOOST_TEST(!stdfs::exists(d.inbox() / ".kycd-import/0123"));
    const auto room = import->room();
    BOOST_REQUIRE(room);
    BOOST_TEST(room->bytes > 0u);
}

BOOST_AUTO_TEST_CASE(files_that_the_kernel_makes_up_are_copied_by_reading) {
    const auto root = fs::open_folder("/proc/self");
    BOOST_REQUIRE(root);
    // /proc says 0 bytes of its files: none of them is an image.
    const auto made_up = fs::open_source(*root, "status", most);
    BOOST_REQUIRE(!made_up);
    BOOST_TEST(std::get<fs::unfit_file>(made_up.error()).why == "status is empty");
}

BOOST_AUTO_TEST_CASE(a_file_that_grows_meanwhile_is_refused) {
    const desk d;
    auto opened = fs::open_source(d.root, "a/front.png", most);
    BOOST_REQUIRE(opened);
    std::ofstream(d.scans.path() / "a/front.png", std::ios::app) << "more";
    const auto into = fs::open_beneath(d.root, "copy", O_WRONLY | O_CREAT | O_EXCL, 0600);
    BOOST_REQUIRE(into);
    const auto copied = fs::copy_source(*opened, into->get());
    BOOST_REQUIRE(!copied);
    BOOST_TEST(std::get<fs::unfit_file>(copied.error()).why == "a/front.png was written to while it was read");
}

BOOST_AUTO_TEST_SUITE_END()
