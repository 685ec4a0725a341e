#include "fs/case_files.hpp"
#include "fs/safe_open.hpp"
#include "fs/sha256.hpp"
#include "unit/fs/spool_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

using namespace kyc;
using namespace kyc::fs;
using namespace kyc::test;

namespace {

struct case_on_disk {
    temporary_folder root;
    page_stock pages;
    claimed_case which{{"kyc_card", "A-1"}, root.path() / "work/kyc_card/A-1", false};

    case_on_disk() { stdfs::create_directories(which.folder); }

    std::string code_of(const std::string& name, std::uint64_t max_bytes = 1000) {
        const auto read = read_case_file(which, name, max_bytes, pages);
        if (read) return "read";
        const trouble error = read.error();
        if (const auto* ended = std::get_if<failure>(&error)) return std::string{to_string(ended->code)};
        return "fault " + std::get<fault>(error).message();
    }
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span{text});
}

} // namespace

BOOST_AUTO_TEST_SUITE(case_files)

BOOST_AUTO_TEST_CASE(the_hash_of_known_bytes_is_the_known_one) {
    BOOST_TEST(sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const std::string abc = "abc";
    const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    BOOST_TEST(sha256_hex(bytes_of(abc)) == expected);
    sha256_stream stream;
    for (const char c : abc)
        stream.update(std::as_bytes(std::span{&c, 1}));
    BOOST_TEST(stream.finish() == expected);
    stream.update(bytes_of(abc));
    BOOST_TEST(stream.finish() == expected);
}

BOOST_FIXTURE_TEST_CASE(a_regular_file_is_read_with_its_hash, case_on_disk) {
    put(which.folder / "front id ü.jpg", "abc");
    const auto read = read_case_file(which, "front id ü.jpg", 3, pages);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->bytes.size() == 3u);
    BOOST_TEST(read->sha256 == sha256_hex(bytes_of("abc")));
}

BOOST_FIXTURE_TEST_CASE(an_empty_file_is_read_as_no_bytes, case_on_disk) {
    put(which.folder / "a", "");
    const auto read = read_case_file(which, "a", 0, pages);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->bytes.size() == 0u);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_regular_file_of_the_case_is_never_read, case_on_disk) {
    put(root.path() / "secret", "not yours");
    put(which.folder / "real", "x");
    stdfs::create_symlink(root.path() / "secret", which.folder / "absolute");
    stdfs::create_symlink("../../../secret", which.folder / "relative");
    stdfs::create_symlink("real", which.folder / "inside");
    stdfs::create_symlink("nowhere", which.folder / "dangling");
    stdfs::create_directory_symlink(root.path(), which.folder / "folder_link");
    stdfs::create_directory(which.folder / "folder.jpg");
    BOOST_REQUIRE(::mkfifo((which.folder / "fifo").c_str(), 0600) == 0);
    for (const std::string name : {"absolute", "relative", "inside", "dangling", "folder_link", "folder_link/secret",
                                   "folder.jpg", "fifo", "../A-1/real", "../../../secret", "/etc/hostname"})
        BOOST_TEST(code_of(name) == "NOT_A_REGULAR_FILE", name << ": " << code_of(name));
    BOOST_TEST(code_of(std::string{"real\0x", 6}) == "NOT_A_REGULAR_FILE");
}

BOOST_FIXTURE_TEST_CASE(a_file_with_a_second_name_may_be_somebodys_and_is_not_read, case_on_disk) {
    put(root.path() / "secret", "not yours");
    stdfs::create_hard_link(root.path() / "secret", which.folder / "linked");
    const auto read = read_case_file(which, "linked", 100, pages);
    BOOST_REQUIRE(!read.has_value());
    const trouble error = read.error();
    BOOST_REQUIRE(std::holds_alternative<failure>(error));
    BOOST_TEST(std::get<failure>(error).message.find("2 names (hard links)") != std::string::npos);
    BOOST_TEST(std::get<failure>(error).advice == hard_link_advice);
    stdfs::remove(root.path() / "secret");
    BOOST_TEST(code_of("linked") == "read");
}

BOOST_FIXTURE_TEST_CASE(a_missing_or_forbidden_file_is_unreadable, case_on_disk) {
    BOOST_TEST(code_of("gone.jpg") == "FILE_UNREADABLE");
    BOOST_TEST(code_of(std::string(300, 'x')) == "FILE_UNREADABLE");
    if (::geteuid() == 0) return; // root may read everything
    put(which.folder / "closed", "x");
    stdfs::permissions(which.folder / "closed", stdfs::perms::none);
    BOOST_TEST(code_of("closed") == "FILE_UNREADABLE");
}

BOOST_FIXTURE_TEST_CASE(a_file_past_the_limit_is_too_large_and_one_at_it_is_not, case_on_disk) {
    put(which.folder / "a", "12345");
    BOOST_TEST(code_of("a", 5) == "read");
    BOOST_TEST(code_of("a", 4) == "FILE_TOO_LARGE");
}

BOOST_FIXTURE_TEST_CASE(a_missing_case_folder_is_the_systems_trouble, case_on_disk) {
    stdfs::remove_all(which.folder);
    BOOST_TEST(code_of("a").starts_with("fault open"));
    BOOST_TEST(!list_case(which).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_case_folder_that_became_a_link_is_not_followed, case_on_disk) {
    stdfs::remove_all(which.folder);
    put(root.path() / "elsewhere/a", "x");
    stdfs::create_directory_symlink(root.path() / "elsewhere", which.folder);
    BOOST_TEST(code_of("a").starts_with("fault open"));
}

BOOST_FIXTURE_TEST_CASE(names_are_sorted_and_kycds_own_left_out, case_on_disk) {
    for (const auto* name :
         {"b", "a", "result.json", "error.json", ".kycd.result.json.tmp", ".done", "result.json.dropped"})
        put(which.folder / name, "x");
    stdfs::create_directory(which.folder / "sub");
    const auto names = list_case(which);
    BOOST_REQUIRE(names.has_value());
    const std::vector<std::string> expected{".done", "a", "b", "result.json.dropped", "sub"};
    BOOST_TEST(*names == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(only_regular_files_count_for_the_size, case_on_disk) {
    put(which.folder / "a", "123");
    put(which.folder / "b", "45");
    put(root.path() / "big", "1234567890");
    stdfs::create_symlink(root.path() / "big", which.folder / "link");
    BOOST_TEST(size_of(which, {"a", "b", "link", "gone"}) == 5u);
}

BOOST_FIXTURE_TEST_CASE(opening_step_by_step_keeps_the_same_rules, case_on_disk) {
    put(which.folder / "sub/a", "x");
    stdfs::create_directory_symlink("sub", which.folder / "link");
    stdfs::create_symlink("sub/a", which.folder / "file_link");
    const auto where = open_folder(which.folder);
    BOOST_REQUIRE(where.has_value());
    const auto error = [&](const std::string& name) {
        const auto opened = open_beneath_stepwise(*where, name, O_RDONLY);
        return opened ? 0 : opened.error().code.value();
    };
    BOOST_TEST(error("sub/a") == 0);
    BOOST_TEST(error("file_link") == ELOOP);
    BOOST_TEST(error("link/a") == ENOTDIR);
    BOOST_TEST(error("../A-1/sub/a") == EXDEV);
    BOOST_TEST(error("/etc/hostname") == EXDEV);
    BOOST_TEST(error("gone") == ENOENT);
}

BOOST_FIXTURE_TEST_CASE(a_rename_over_a_placeholder_replaces_nothing, case_on_disk) {
    put(root.path() / "from/file", "new");
    put(root.path() / "from/folder/x", "new");
    put(root.path() / "to/file", "old");
    put(root.path() / "to/folder/y", "old");
    const auto from = open_folder(root.path() / "from");
    const auto to = open_folder(root.path() / "to");
    BOOST_REQUIRE((from && to));
    BOOST_TEST(rename_over_placeholder(*from, "file", *to, "file") == EEXIST);
    BOOST_TEST(rename_over_placeholder(*from, "folder", *to, "folder") == EEXIST);
    BOOST_TEST(rename_over_placeholder(*from, "gone", *to, "gone") == ENOENT);
    BOOST_TEST(rename_over_placeholder(*from, "file", *to, "file2") == 0);
    BOOST_TEST(rename_over_placeholder(*from, "folder", *to, "folder2") == 0);
    BOOST_TEST(text_of(root.path() / "to/file2") == "new");
    BOOST_TEST(text_of(root.path() / "to/folder2/x") == "new");
    BOOST_TEST(text_of(root.path() / "to/file") == "old");
    BOOST_TEST(tree(root.path() / "from").empty());
}

BOOST_AUTO_TEST_SUITE_END()
