#include "log/journal.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using namespace kyc;

std::string name_of_stderr() {
    struct stat info {};

    BOOST_REQUIRE_EQUAL(::fstat(STDERR_FILENO, &info), 0);
    return std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
}

} // namespace

BOOST_AUTO_TEST_SUITE(journal_suite)

BOOST_AUTO_TEST_CASE(fields_have_one_rule_for_their_names) {
    BOOST_TEST(log::journal_field("case") == "KYCD_CASE");
    BOOST_TEST(log::journal_field("answered_as") == "KYCD_ANSWERED_AS");
    BOOST_TEST(log::journal_field("v2") == "KYCD_V2");
}

BOOST_AUTO_TEST_CASE(a_name_that_the_journal_would_refuse_is_made_fit) {
    BOOST_TEST(log::journal_field("a-b c=d") == "KYCD_A_B_C_D");
    BOOST_TEST(log::journal_field("\xc3\xa4\n") == "KYCD____");
    BOOST_TEST(log::journal_field(std::string(200, 'x')).size() == 64U);
}

BOOST_AUTO_TEST_CASE(stderr_is_the_journal_only_when_the_variable_names_it) {
    ::unsetenv("JOURNAL_STREAM");
    BOOST_TEST(!log::stderr_is_the_journal());
    ::setenv("JOURNAL_STREAM", name_of_stderr().c_str(), 1);
    BOOST_TEST(log::stderr_is_the_journal());
    // Inherited from a service that gave kycd another stderr.
    ::setenv("JOURNAL_STREAM", "1:2", 1);
    BOOST_TEST(!log::stderr_is_the_journal());
    ::unsetenv("JOURNAL_STREAM");
}

BOOST_AUTO_TEST_SUITE_END()
