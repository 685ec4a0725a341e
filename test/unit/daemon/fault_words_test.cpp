#include "fault_words.hpp"

#include <boost/test/unit_test.hpp>

#include <cerrno>

using namespace kyc;

namespace {

fs::spool_layout spool_at(const std::string& spool) {
    folder_settings folders;
    folders.inbox = spool + "/inbox";
    folders.work = spool + "/work";
    folders.outbox = spool + "/outbox";
    folders.failed = "/mnt/nas/failed";
    return fs::spool_layout(folders);
}

std::string words(const std::string& what) {
    return fault_words(last_fault(ENOSPC, what), spool_at("/srv/kyc"), "/var/lib/kycd/ledger.db");
}

} // namespace

BOOST_AUTO_TEST_SUITE(fault_words_suite)

BOOST_AUTO_TEST_CASE(the_place_is_named_and_nothing_below_it) {
    BOOST_TEST(words("write /srv/kyc/work/kyc_card/Mustermann Erika/result.json") ==
               "No space left on device (in /srv/kyc/work)");
    BOOST_TEST(words("rename /srv/kyc/work/kyc_card/A into /mnt/nas/failed/kyc_card") ==
               "No space left on device (in /mnt/nas/failed)");
    BOOST_TEST(words("open inbox/Mustermann") == "No space left on device (in /srv/kyc/inbox)");
    BOOST_TEST(words("the ledger /var/lib/kycd/ledger.db") == "No space left on device (in /var/lib/kycd)");
    BOOST_TEST(words("/srv/kyc/outbox: read a folder") == "No space left on device (in /srv/kyc/outbox)");
}

BOOST_AUTO_TEST_CASE(a_path_that_only_begins_like_one_is_not_it) {
    BOOST_TEST(words("open /srv/kyc/work-of-Erika/front.jpg") == "No space left on device");
}

BOOST_AUTO_TEST_CASE(a_text_that_names_no_place_is_not_told) {
    BOOST_TEST(words("read front_id of Mustermann") == "No space left on device");
    BOOST_TEST(words("") == "No space left on device");
}

BOOST_AUTO_TEST_SUITE_END()
