#include "core/case_name.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

namespace {

using kyc::flat_name;

kyc::service card() {
    kyc::service made;
    made.name = "kyc_card";
    made.images = {"selfie_image", "front_id", "back_id"};
    return made;
}

kyc::service liveness() {
    kyc::service made;
    made.name = "face_liveness";
    made.images = {"image"};
    return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(case_name)

BOOST_AUTO_TEST_CASE(ordinary_names_are_accepted) {
    for (const std::string name : {"A-1001", "a", "Müller 7", "案件", "x.y.z", "a~2", "100%", "\xF0\x9F\x98\x80"}) {
        BOOST_TEST(!kyc::case_name_objection(name), name);
    }
    BOOST_TEST(!kyc::case_name_objection(std::string(200, 'a')));
}

BOOST_AUTO_TEST_CASE(names_that_harm_a_path_a_log_or_a_terminal_are_refused) {
    using namespace std::string_literals;
    const std::pair<std::string, std::string> table[] = {
        {"", "empty"},
        {std::string(201, 'a'), "201 bytes"},
        {".hidden", "dot"},
        {"a/b", "slash"},
        {"a\nb", "control"},
        {"a\0b"s, "control"},
        {"a\x7F", "control"},
        {"a\xC2\x85", "control"},
        {"\xFF", "UTF-8"},
        {"a\xC3", "UTF-8"},
        {"\xC0\xAF", "UTF-8"},
        {"\xE0\x80\xAF", "UTF-8"},
        {"\xED\xA0\x80", "UTF-8"},
        {"\xF4\x90\x80\x80", "UTF-8"},
        {"\xF5\x80\x80\x80", "UTF-8"},
        {"\x80", "UTF-8"},
    };
    for (const auto& [name, word] : table) {
        const auto objection = kyc::case_name_objection(name);
        BOOST_REQUIRE_MESSAGE(objection, "accepted: " << kyc::percent_encode_name(name));
        BOOST_TEST(objection->find(word) != std::string::npos, *objection);
    }
}

BOOST_AUTO_TEST_CASE(encoding_keeps_what_is_harmless_and_is_always_an_acceptable_name) {
    using namespace std::string_literals;
    const std::pair<std::string, std::string> table[] = {
        {"A-1_x.y~z", "A-1_x.y~z"},
        {".hidden", "%2Ehidden"},
        {"a b", "a%20b"},
        {"a/b", "a%2Fb"},
        {"a\nb", "a%0Ab"},
        {"100%", "100%25"},
        {"Müller", "Müller"},
        {"a\xFF", "a%FF"},
        {"a\0b"s, "a%00b"},
        {"..", "%2E."},
        {"", "%"},
        {"a\xE2\x80\xAE", "a%E2%80%AE"},
    };
    for (const auto& [raw, encoded] : table) {
        BOOST_TEST(kyc::percent_encode_name(raw) == encoded);
        BOOST_TEST(!kyc::case_name_objection(kyc::percent_encode_name(raw)), encoded);
    }
}

BOOST_AUTO_TEST_CASE(long_names_are_cut_and_stay_different) {
    std::set<std::string> encoded;
    for (const std::string end : {"a", "b", "\n", "ü"}) {
        for (const std::string& middle : {std::string(300, 'x'), std::string(199, '\n')}) {
            std::string umlauts;
            for (int i = 0; i < 120; ++i)
                umlauts += "ü";
            for (const auto& name : {middle + end, umlauts + middle + end}) {
                const auto one = kyc::percent_encode_name(name);
                BOOST_TEST(one.size() <= 200u);
                BOOST_TEST(!kyc::case_name_objection(one), one);
                encoded.insert(one);
            }
        }
    }
    BOOST_TEST(encoded.size() == 16u);
}

BOOST_AUTO_TEST_CASE(junk_is_known_by_name) {
    for (const std::string name : {".done", ".DS_Store", "._front_id.jpg", ".nfs0001", ".smbdelete1", "a.tmp", "a.TMP",
                                   "a.jpg.part", "a.partial", "a.filepart", "a.crdownload", "a.swp", "~$doc.docx",
                                   "Thumbs.db", "thumbs.db", "desktop.ini", "@eaDir", "#recycle", "A-1.status.txt"}) {
        BOOST_TEST(kyc::is_junk(name), name);
    }
    for (const std::string name : {"front_id.jpg", "tmp", "part", "case.json", "A.done", "a.tmp.jpg", "~a", "A-1",
                                   "status.txt", "A.status.jpg", "A_status.txt"}) {
        BOOST_TEST(!kyc::is_junk(name), name);
    }
}

BOOST_AUTO_TEST_CASE(flat_names_tell_the_case_and_the_field) {
    using kind = flat_name::kind;

    struct row {
        bool one_image;
        std::string file, case_name, field;
        kind what;
    };

    const row table[] = {
        {false, "A-1.front_id.jpg", "A-1", "front_id", kind::image},
        {false, "A-1.FRONT_ID.JPG", "A-1", "front_id", kind::image},
        {false, "A.1.x.back_id.png", "A.1.x", "back_id", kind::image},
        {false, "A-1.json", "A-1", "", kind::manifest},
        {false, "A-1.JSON", "A-1", "", kind::manifest},
        {false, "A-1.done", "A-1", "", kind::marker},
        {false, "A-1.jpg", "A-1", "", kind::other},
        {false, "A-1.image.jpg", "A-1.image", "", kind::other},
        {false, "A-1", "A-1", "", kind::other},
        {false, "front_id.jpg", "front_id", "", kind::other},
        {true, "A-1.jpg", "A-1", "image", kind::image},
        {true, "A-1.image.jpg", "A-1", "image", kind::image},
        {true, "A-1.Image.jpg", "A-1", "image", kind::image},
        {true, "A-1.2.jpg", "A-1.2", "image", kind::image},
        {true, "A-1.json", "A-1", "", kind::manifest},
        {true, "A-1.done", "A-1", "", kind::marker},
        {true, "A-1", "A-1", "", kind::other},
    };
    for (const auto& row : table) {
        const auto read = kyc::read_flat_name(row.one_image ? liveness() : card(), row.file);
        BOOST_TEST_CONTEXT(row.file) {
            BOOST_TEST(read.case_name == row.case_name);
            BOOST_TEST(read.field.value_or("") == row.field);
            BOOST_TEST((read.what == row.what));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
