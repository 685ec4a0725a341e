#include "fs/spool_identity.hpp"
#include "support/temporary_folder.hpp"

#include <boost/test/unit_test.hpp>

using namespace kyc;

BOOST_AUTO_TEST_SUITE(spool_identity_suite)

BOOST_AUTO_TEST_CASE(a_spool_has_no_identity_until_one_is_made_and_then_keeps_it) {
    const test::temporary_folder spool;
    folder_settings folders;
    folders.work = spool.path();
    const fs::spool_layout layout(folders);
    const auto before = fs::read_identity(layout);
    BOOST_REQUIRE(before.has_value());
    BOOST_TEST(!before->has_value());
    const auto made = fs::make_identity(layout);
    BOOST_REQUIRE(made.has_value());
    BOOST_TEST(made->size() == 32u);
    const auto after = fs::read_identity(layout);
    BOOST_REQUIRE(after.has_value());
    BOOST_TEST(after->value() == *made);
}

BOOST_AUTO_TEST_CASE(two_spools_have_two_identities) {
    const test::temporary_folder first;
    const test::temporary_folder second;
    folder_settings one;
    one.work = first.path();
    folder_settings other;
    other.work = second.path();
    BOOST_TEST(*fs::make_identity(fs::spool_layout(one)) != *fs::make_identity(fs::spool_layout(other)));
}

BOOST_AUTO_TEST_CASE(work_that_is_not_there_is_a_fault) {
    folder_settings folders;
    folders.work = "/nonexistent/work";
    BOOST_TEST(!fs::read_identity(fs::spool_layout(folders)).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
