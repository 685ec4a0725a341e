#include "core/service.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

namespace {

using kyc::check;
using strings = std::vector<std::string>;

struct expected_row {
    std::string name;
    strings images;
    strings fields;
    bool extend_data;
    std::vector<check> checks;
    bool held;
};

const std::vector<check> ocr{check::document_valid, check::document_expired};
const std::vector<check> kyc_checks{check::document_valid, check::document_expired, check::face_match, check::liveness};
const std::vector<check> with_background{check::document_valid, check::document_expired, check::face_match,
                                         check::liveness, check::background_clear};

const std::vector<expected_row> rows{
    {"kyc_card", {"selfie_image", "front_id", "back_id"}, {}, true, kyc_checks, false},
    {"kyc_passport", {"selfie_image", "passport_image"}, {}, true, kyc_checks, false},
    {"ocr_card", {"front_id", "back_id"}, {}, true, ocr, false},
    {"ocr_passport", {"passport_image"}, {}, true, ocr, false},
    {"face_liveness", {"image"}, {}, true, {check::liveness}, false},
    {"register_face", {"image"}, {}, true, {check::face_registered}, true},
    {"authenticate_face", {"image"}, {"uuid"}, true, {check::authentication, check::liveness}, false},
    {"background_check", {}, {"fullname", "birth_date"}, false, {check::background_clear}, false},
    {"kyc_card_with_background_check", {"selfie_image", "front_id", "back_id"}, {}, true, with_background, false},
    {"kyc_passport_with_background_check", {"selfie_image", "passport_image"}, {}, true, with_background, false},
};

} // namespace

BOOST_AUTO_TEST_SUITE(service)

BOOST_AUTO_TEST_CASE(the_table_holds_the_ten_services_of_the_api) {
    const kyc::service_table table;
    BOOST_TEST_REQUIRE(table.all().size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        BOOST_TEST_CONTEXT(rows[i].name) {
            const auto& found = table.all()[i];
            BOOST_TEST(found.name == rows[i].name);
            BOOST_TEST(found.path == rows[i].name + "/");
            BOOST_TEST(found.images == rows[i].images, boost::test_tools::per_element());
            BOOST_TEST(found.fields == rows[i].fields, boost::test_tools::per_element());
            BOOST_TEST(found.extend_data == rows[i].extend_data);
            BOOST_TEST((found.checks == rows[i].checks));
            BOOST_TEST(found.never_repeat_unknown == rows[i].held);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_service_is_found_by_its_name_and_by_its_alias) {
    const kyc::service_table table;
    for (const auto& row : rows) {
        BOOST_TEST_REQUIRE(table.find(row.name) != nullptr);
        BOOST_TEST(table.find(row.name)->name == row.name);
    }
    BOOST_TEST_REQUIRE(table.find("liveness") != nullptr);
    BOOST_TEST(table.find("liveness")->name == "face_liveness");
    for (const auto* unknown : {"", "kyc", "KYC_CARD", "kyc_card/", "reverify"}) {
        BOOST_TEST(table.find(unknown) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(every_folder_leads_to_a_service_and_none_is_listed_twice) {
    const kyc::service_table table;
    const auto folders = table.folders();
    BOOST_TEST(folders.size() == rows.size() + 1);
    BOOST_TEST((std::set<std::string>(folders.begin(), folders.end()).size() == folders.size()));
    for (const auto& folder : folders) {
        BOOST_TEST(table.find(folder) != nullptr);
    }
}

BOOST_AUTO_TEST_CASE(an_added_service_is_served_as_it_was_given) {
    kyc::service_table table;
    kyc::service mine;
    mine.name = "my_service";
    mine.path = "/my/thing";
    mine.images = {"a", "b"};
    mine.fields = {"x"};
    table.set(mine);
    const auto* found = table.find("my_service");
    BOOST_TEST_REQUIRE(found != nullptr);
    BOOST_TEST(found->path == "my/thing/");
    BOOST_TEST(found->images == (strings{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(found->checks.empty());
    BOOST_TEST(!found->never_repeat_unknown);
    BOOST_TEST(table.all().size() == rows.size() + 1);
}

BOOST_AUTO_TEST_CASE(an_override_keeps_the_checks_and_the_hold_rule) {
    kyc::service_table table;
    kyc::service changed;
    changed.name = "register_face";
    changed.path = "v4/register/";
    changed.images = {"photo"};
    changed.extend_data = false;
    table.set(changed);
    const auto* found = table.find("register_face");
    BOOST_TEST_REQUIRE(found != nullptr);
    BOOST_TEST(found->path == "v4/register/");
    BOOST_TEST(found->images == strings{"photo"}, boost::test_tools::per_element());
    BOOST_TEST(!found->extend_data);
    BOOST_TEST((found->checks == std::vector<check>{check::face_registered}));
    BOOST_TEST(found->never_repeat_unknown);
    BOOST_TEST(table.all().size() == rows.size());
}

BOOST_AUTO_TEST_CASE(an_override_of_an_alias_changes_the_service_behind_it) {
    kyc::service_table table;
    kyc::service changed;
    changed.name = "liveness";
    changed.path = "liveness/";
    changed.images = {"image"};
    table.set(changed);
    BOOST_TEST(table.all().size() == rows.size());
    BOOST_TEST(table.find("liveness")->path == "liveness/");
    BOOST_TEST(table.find("face_liveness") == table.find("liveness"));
}

BOOST_AUTO_TEST_CASE(a_path_that_was_not_given_is_the_services_name) {
    kyc::service_table table;
    kyc::service bare;
    bare.name = "ocr_card";
    table.set(bare);
    BOOST_TEST(table.find("ocr_card")->path == "ocr_card/");
}

BOOST_AUTO_TEST_SUITE_END()
