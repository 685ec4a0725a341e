#include "config/secrets.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>

namespace {

namespace files = std::filesystem;
using kyc::read_secret;
using kyc::secret_ref;

constexpr auto marker = "s3cret-marker";

struct folder {
    files::path path;

    folder() {
        auto name = (files::temp_directory_path() / "kycd-secrets-XXXXXX").string();
        BOOST_REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }

    ~folder() {
        std::error_code ignored;
        files::remove_all(path, ignored);
    }

    secret_ref file(const std::string& name, const std::string& content,
                    files::perms mode = files::perms::owner_read) const {
        const auto full = path / name;
        std::ofstream(full, std::ios::binary) << content;
        files::permissions(full, mode);
        return {secret_ref::source::file, full.string()};
    }
};

struct variable {
    std::string name;

    variable(std::string name_, const char* value) : name(std::move(name_)) {
        if (value != nullptr) {
            ::setenv(name.c_str(), value, 1);
        } else {
            ::unsetenv(name.c_str());
        }
    }

    ~variable() { ::unsetenv(name.c_str()); }
};

void check_refused(const secret_ref& from, const std::string& fragment) {
    const auto read = read_secret(from);
    BOOST_REQUIRE(!read);
    const auto message = read.error();
    BOOST_TEST_CONTEXT(message) {
        BOOST_TEST(message.find(fragment) != std::string::npos);
        BOOST_TEST(message.find(marker) == std::string::npos);
    }
}

std::string revealed(const secret_ref& from) {
    const auto read = read_secret(from);
    BOOST_REQUIRE_MESSAGE(read.has_value(), (read ? "" : read.error()));
    return std::string(read->reveal());
}

} // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(a_private_file_is_read_without_its_one_last_newline) {
    const folder here;
    BOOST_TEST(revealed(here.file("plain", marker)) == marker);
    BOOST_TEST(revealed(here.file("newline", std::string(marker) + "\n")) == marker);
    BOOST_TEST(revealed(here.file("windows", std::string(marker) + "\r\n")) == marker);
    BOOST_TEST(revealed(here.file("two", std::string(marker) + "\n\n")) == std::string(marker) + "\n");
    BOOST_TEST(revealed(here.file("spaces", "  a b ")) == "  a b ");
    BOOST_TEST(revealed(here.file("largest", std::string(64u << 10, 'x'))) == std::string(64u << 10, 'x'));
}

BOOST_AUTO_TEST_CASE(a_file_that_group_or_others_can_touch_is_refused) {
    const folder here;
    for (const auto mode : {files::perms::group_read, files::perms::others_read, files::perms::group_write,
                            files::perms::others_write, files::perms::others_exec})
        check_refused(here.file("open", marker, files::perms::owner_read | files::perms::owner_write | mode),
                      "chmod 600");
}

BOOST_AUTO_TEST_CASE(a_link_is_judged_by_the_file_it_leads_to) {
    const folder here;
    const auto good = here.file("good", marker);
    const auto open = here.file("open", marker, files::perms::owner_read | files::perms::others_read);
    files::create_symlink(good.name, here.path / "to_good");
    files::create_symlink(open.name, here.path / "to_open");
    BOOST_TEST(revealed({secret_ref::source::file, (here.path / "to_good").string()}) == marker);
    check_refused({secret_ref::source::file, (here.path / "to_open").string()}, "chmod 600");
}

BOOST_AUTO_TEST_CASE(what_is_not_a_readable_private_file_of_a_sane_size_is_refused) {
    const folder here;
    BOOST_REQUIRE(::mkfifo((here.path / "pipe").c_str(), 0600) == 0);
    check_refused({secret_ref::source::file, (here.path / "nowhere").string()}, "create it");
    check_refused({secret_ref::source::file, here.path.string()}, "not a regular file");
    check_refused({secret_ref::source::file, (here.path / "pipe").string()}, "not a regular file");
    check_refused(here.file("empty", ""), "is empty");
    check_refused(here.file("newline", "\n"), "is empty");
    check_refused(here.file("huge", marker + std::string(64u << 10, 'x')), "larger than 64KiB");
}

BOOST_AUTO_TEST_CASE(a_credential_is_a_file_in_the_folder_that_systemd_names) {
    const folder here;
    static_cast<void>(
        here.file("password", std::string(marker) + "\n", files::perms::owner_read | files::perms::group_read));
    const variable directory("CREDENTIALS_DIRECTORY", here.path.c_str());
    BOOST_TEST(revealed({secret_ref::source::credential, "password"}) == marker);
    check_refused({secret_ref::source::credential, "other"}, "is not in " + here.path.string());
    static_cast<void>(here.file("hollow", ""));
    check_refused({secret_ref::source::credential, "hollow"}, "'hollow'");
    check_refused({secret_ref::source::credential, "../password"}, "not a name");
    check_refused({secret_ref::source::credential, ".."}, "not a name");
    check_refused({secret_ref::source::credential, ""}, "not a name");
}

BOOST_AUTO_TEST_CASE(a_credential_without_its_folder_explains_load_credential) {
    const variable directory("CREDENTIALS_DIRECTORY", nullptr);
    check_refused({secret_ref::source::credential, "password"}, "LoadCredential=NAME:");
}

BOOST_AUTO_TEST_CASE(a_secret_in_the_place_of_a_name_is_not_repeated) {
    const folder here;
    const variable unset(marker, nullptr);
    check_refused({secret_ref::source::env, marker}, "is not set");
    for (const char* place : {static_cast<const char*>(nullptr), here.path.c_str()}) {
        const variable directory("CREDENTIALS_DIRECTORY", place);
        check_refused({secret_ref::source::credential, marker}, "LoadCredential=NAME:");
        check_refused({secret_ref::source::credential, std::string("a/") + marker}, "not a name");
    }
}

BOOST_AUTO_TEST_CASE(a_variable_must_be_set_and_hold_something) {
    const variable full("KYCD_TEST_FULL", marker);
    const variable empty("KYCD_TEST_EMPTY", "");
    const variable unset("KYCD_TEST_UNSET", nullptr);
    BOOST_TEST(revealed({secret_ref::source::env, "KYCD_TEST_FULL"}) == marker);
    check_refused({secret_ref::source::env, "KYCD_TEST_EMPTY"}, "is empty");
    check_refused({secret_ref::source::env, "KYCD_TEST_UNSET"}, "is not set");
}

BOOST_AUTO_TEST_CASE(an_inline_value_is_the_value_and_no_source_is_an_error) {
    BOOST_TEST(revealed({secret_ref::source::inline_value, "erika"}) == "erika");
    check_refused({}, "no source");
}

BOOST_AUTO_TEST_SUITE_END()
