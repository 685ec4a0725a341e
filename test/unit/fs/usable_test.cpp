#include "fs/case_folder.hpp"
#include "fs/spool_identity.hpp"
#include "fs/usable.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>

using namespace kyc;

namespace {

struct usable_world {
    test::temporary_folder home;
    fs::spool_layout layout{
        folder_settings{home.path() / "inbox", home.path() / "work", home.path() / "outbox", home.path() / "failed"}};
    std::string identity;

    usable_world() {
        BOOST_REQUIRE(fs::prepare_spool(layout, {}, {}).has_value());
        identity = fs::make_identity(layout).value();
    }

    int trouble() {
        const auto fine = fs::check_spool_usable(layout, identity);
        return fine ? 0 : fine.error().code.value();
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(usable_test, usable_world)

BOOST_AUTO_TEST_CASE(a_spool_that_is_whole_can_be_used) {
    BOOST_TEST(trouble() == 0);
}

BOOST_AUTO_TEST_CASE(a_folder_that_has_gone_is_noticed_and_named) {
    for (const std::string name : {"inbox", "outbox", "failed"}) {
        std::filesystem::rename(home.path() / name, home.path() / "away");
        const auto fine = fs::check_spool_usable(layout, identity);
        BOOST_REQUIRE(!fine.has_value());
        BOOST_TEST(fine.error().code.value() == ENOENT);
        BOOST_TEST(fine.error().message().find(name) != std::string::npos);
        std::filesystem::rename(home.path() / "away", home.path() / name);
    }
    std::filesystem::rename(layout.roots().work, home.path() / "away");
    BOOST_TEST(trouble() != 0);
}

BOOST_AUTO_TEST_CASE(another_spools_work_is_not_ours) {
    identity = "another";
    BOOST_TEST(trouble() == ESTALE);
}

BOOST_AUTO_TEST_CASE(where_nobody_may_write_nothing_can_be_used) {
    // Of /proc not even root's files can be made, and it has room for none.
    BOOST_TEST(!fs::check_folder_usable("/proc").has_value());
    BOOST_TEST(fs::check_folder_usable(home.path()).has_value());
    BOOST_TEST(fs::check_folder_usable(home.path() / "none").error().code.value() == ENOENT);
}

BOOST_AUTO_TEST_SUITE_END()
