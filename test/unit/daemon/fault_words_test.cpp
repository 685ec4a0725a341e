#include "life/fault_words.hpp"

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

public_fault told(int error, const std::string& what) {
    return fault_words(last_fault(error, what), spool_at("/srv/kyc"), "/var/lib/kycd/ledger.db", service_table());
}

std::string words(const std::string& what) {
    const auto said = told(ENOSPC, what);
    BOOST_TEST(!said.of_one_folder);
    return said.words;
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

BOOST_AUTO_TEST_CASE(missing_permissions_are_those_of_a_services_folder_if_it_is_one) {
    const auto denied = told(EACCES, "read /srv/kyc/inbox/ocr_card: open");
    BOOST_TEST(denied.words == "Permission denied (in /srv/kyc/inbox/ocr_card)");
    BOOST_TEST(denied.of_one_folder);
    const auto leaving = told(EPERM, "rename /srv/kyc/work/liveness/Erika into /mnt/nas/failed/liveness");
    BOOST_TEST(leaving.words == "Operation not permitted (in /mnt/nas/failed/liveness)");
    BOOST_TEST(leaving.of_one_folder);
    const auto link = told(ENOTDIR, "/srv/kyc/inbox/ocr_card is a link, which kycd does not follow");
    BOOST_TEST(link.words == "Not a directory (in /srv/kyc/inbox/ocr_card)");
    BOOST_TEST(link.of_one_folder);
    for (const auto* what : {"read /srv/kyc/inbox/Mustermann", "read /srv/kyc/inbox/Mustermann/ocr_card",
                             "open /srv/kyc/inbox", "read /srv/kyc/inbox/ocr_card-of-Erika"}) {
        const auto said = told(EACCES, what);
        BOOST_TEST(said.words == "Permission denied (in /srv/kyc/inbox)");
        BOOST_TEST(!said.of_one_folder);
    }
}

BOOST_AUTO_TEST_CASE(a_mount_in_the_way_is_that_of_a_services_folder_if_it_is_one) {
    const auto taking = told(EXDEV, "rename within the inbox (is a mount inside it?) /srv/kyc/inbox/ocr_card/Erika");
    BOOST_TEST(taking.words == "Invalid cross-device link (in /srv/kyc/inbox/ocr_card) (is a mount inside it?)");
    BOOST_TEST(taking.of_one_folder);
    const auto leaving = told(EXDEV, "rename into place /mnt/nas/failed/liveness/Erika");
    BOOST_TEST(leaving.words == "Invalid cross-device link (in /mnt/nas/failed/liveness) (is a mount inside it?)");
    BOOST_TEST(leaving.of_one_folder);
    const auto strange = told(EXDEV, "rename within the inbox /srv/kyc/inbox/Mustermann/x");
    BOOST_TEST(strange.words == "Invalid cross-device link (in /srv/kyc/inbox) (is a mount inside it?)");
    BOOST_TEST(!strange.of_one_folder);
}

BOOST_AUTO_TEST_CASE(a_path_that_only_begins_like_one_is_not_it) {
    BOOST_TEST(words("open /srv/kyc/work-of-Erika/front.jpg") == "No space left on device");
}

BOOST_AUTO_TEST_CASE(a_text_that_names_no_place_is_not_told) {
    BOOST_TEST(words("read front_id of Mustermann") == "No space left on device");
    BOOST_TEST(words("") == "No space left on device");
}

BOOST_AUTO_TEST_SUITE_END()
