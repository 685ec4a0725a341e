#include "core/case_plan.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using names = std::vector<std::string>;

const kyc::service& find(const std::string& folder) {
    static const kyc::service_table table;
    const auto* found = table.find(folder);
    if (!found) throw std::logic_error("no service " + folder);
    return *found;
}

/// "front_id=a.jpg back_id=b.jpg"
std::string images(const kyc::case_plan& plan) {
    std::string text;
    for (const auto& image : plan.images)
        text += (text.empty() ? "" : " ") + image.field + "=" + image.name;
    return text;
}

void refuses(const kyc::service& target, const names& files, const kyc::manifest& said, const std::string& flat,
             kyc::failure_code code, const std::string& word) {
    const auto plan = kyc::plan_case(target, files, said, flat);
    BOOST_TEST_CONTEXT(word) {
        BOOST_REQUIRE(plan.has_error());
        BOOST_TEST((plan.error().code == code));
        BOOST_TEST((plan.error().stage == kyc::stage::intake));
        BOOST_TEST(plan.error().message.find(word) != std::string::npos, plan.error().message);
    }
}

kyc::manifest with_fields(std::map<std::string, std::string> fields) {
    kyc::manifest said;
    said.fields = std::move(fields);
    return said;
}

kyc::manifest with_files(std::map<std::string, std::string> files) {
    kyc::manifest said;
    said.files = std::move(files);
    return said;
}

} // namespace

BOOST_AUTO_TEST_SUITE(case_plan)

BOOST_AUTO_TEST_CASE(a_stem_that_is_a_field_assigns_the_file_in_the_services_order) {
    const auto plan =
        kyc::plan_case(find("kyc_card"),
                       {"BACK_ID.jpeg", "Front_Id.PNG", "selfie_image.jpg", "notes.txt", "case.json", ".done"}, {}, "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(images(*plan) == "selfie_image=selfie_image.jpg front_id=Front_Id.PNG back_id=BACK_ID.jpeg");
    BOOST_TEST(plan->missing.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_missing) {
    const auto plan =
        kyc::plan_case(find("kyc_card"), {"selfie_image.jpg", "back_id.jpg.part", ".front_id.jpg"}, {}, "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(images(*plan) == "selfie_image=selfie_image.jpg");
    BOOST_TEST(plan->missing == (names{"front_id", "back_id"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_manifest_goes_before_the_stem) {
    const auto said = with_files({{"front_id", "scan001.jpg"}, {"back_id", "selfie_image.jpg"}});
    const auto plan = kyc::plan_case(find("ocr_card"), {"front_id.jpg", "scan001.jpg", "selfie_image.jpg"}, said, "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(images(*plan) == "front_id=scan001.jpg back_id=selfie_image.jpg");
    const auto swapped = kyc::plan_case(find("ocr_card"), {"front_id.jpg", "back_id.jpg"},
                                        with_files({{"front_id", "back_id.jpg"}, {"back_id", "front_id.jpg"}}), "");
    BOOST_TEST(images(*swapped) == "front_id=back_id.jpg back_id=front_id.jpg");
    const auto taken = kyc::plan_case(find("ocr_card"), {"back_id.jpg"}, with_files({{"front_id", "back_id.jpg"}}), "");
    BOOST_TEST(images(*taken) == "front_id=back_id.jpg");
    BOOST_TEST(taken->missing == names{"back_id"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_listed_file_that_is_not_there_is_missing_even_when_another_has_the_stem) {
    const auto plan =
        kyc::plan_case(find("ocr_passport"), {"passport_image.jpg"}, with_files({{"passport_image", "scan.jpg"}}), "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(plan->missing == names{"passport_image"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(two_files_for_one_field_are_ambiguous) {
    using kyc::failure_code;
    refuses(find("ocr_card"), {"front_id.png", "back_id.jpg", "front_id.jpg"}, {}, "", failure_code::ambiguous_files,
            "front_id: front_id.jpg and front_id.png");
    refuses(find("liveness"), {"A.jpg", "A.image.png"}, {}, "A", failure_code::ambiguous_files,
            "A.image.png and A.jpg");
    const auto plan = kyc::plan_case(find("ocr_card"), {"front_id.png", "back_id.jpg", "front_id.jpg"},
                                     with_files({{"front_id", "front_id.png"}}), "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(images(*plan) == "front_id=front_id.png back_id=back_id.jpg");
}

BOOST_AUTO_TEST_CASE(flat_files_belong_to_their_own_case_only) {
    const auto plan =
        kyc::plan_case(find("ocr_card"),
                       {"A-1.front_id.jpg", "A-1.back_id.png", "A-10.front_id.jpg", "A-1.json", "A-1.done"}, {}, "A-1");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(images(*plan) == "front_id=A-1.front_id.jpg back_id=A-1.back_id.png");
    BOOST_TEST(images(*kyc::plan_case(find("liveness"), {"A-1.jpg", "A-1.json"}, {}, "A-1")) == "image=A-1.jpg");
    refuses(find("ocr_card"), {}, with_files({{"front_id", "x.jpg"}}), "A-1", kyc::failure_code::bad_manifest,
            "<case>.<field>.<ext>");
}

BOOST_AUTO_TEST_CASE(form_fields_come_from_the_manifest) {
    const auto plan = kyc::plan_case(find("background_check"), {},
                                     with_fields({{"birth_date", "1983-8-2"}, {"fullname", "A B"}}), "");
    BOOST_REQUIRE(plan.has_value());
    BOOST_TEST(plan->missing.empty());
    BOOST_REQUIRE(plan->fields.size() == 2u);
    BOOST_TEST(plan->fields[0].first == "fullname");
    BOOST_TEST(plan->fields[0].second == "A B");
    BOOST_TEST(plan->fields[1].second == "1983-08-02");

    const auto none = kyc::plan_case(find("authenticate_face"), {"image.jpg"}, with_fields({{"uuid", "  "}}), "");
    BOOST_REQUIRE(none.has_value());
    BOOST_TEST(none->missing == names{"uuid"}, boost::test_tools::per_element());
    const auto good = kyc::plan_case(find("authenticate_face"), {"image.jpg"},
                                     with_fields({{"uuid", "08BC1234-aaaa-4bbb-8ccc-0123456789ab"}}), "");
    BOOST_REQUIRE(good.has_value());
    BOOST_TEST(good->missing.empty());
}

BOOST_AUTO_TEST_CASE(a_manifest_that_the_service_cannot_take_is_refused) {
    using kyc::failure_code;
    const auto bad = failure_code::bad_manifest;
    refuses(find("kyc_card"), {}, with_fields({{"uuid", "x"}}), "", bad, "fields.uuid: kyc_card has no such field");
    refuses(find("authenticate_face"), {}, with_fields({{"uid", "x"}}), "", bad, "its fields are uuid");
    refuses(find("kyc_card"), {}, with_fields({{"extend_data", "true"}}), "", bad, "beside fields");
    refuses(find("ocr_card"), {}, with_files({{"selfie_image", "a.jpg"}}), "", bad, "its images are front_id, back_id");
    refuses(find("ocr_card"), {"a.tmp"}, with_files({{"front_id", "a.tmp"}}), "", bad, "a.tmp is never uploaded");
    refuses(find("ocr_card"), {}, with_files({{"front_id", "case.json"}}), "", bad, "case.json is never uploaded");
    refuses(find("ocr_card"), {}, with_files({{"front_id", "a.jpg"}, {"back_id", "a.jpg"}}), "", bad, "the same file");
    kyc::manifest extended;
    extended.extend_data = true;
    refuses(find("background_check"), {}, extended, "", bad, "extend_data: background_check does not take it");
    for (const std::string uuid : {"x", "08bc1234aaaa4bbb8ccc0123456789ab", "08bc1234-aaaa-4bbb-8ccc-0123456789ag"}) {
        refuses(find("authenticate_face"), {}, with_fields({{"uuid", uuid}}), "", bad, "must be a UUID");
    }
    for (const std::string date : {"1983-13-01", "1983-02-29", "12.08.1983", "83-1-1", "1983-1", "1983-1-1-1",
                                   "1983-001-1", "1983--1-1", "0000-01-01", "1983-1-", "x"}) {
        refuses(find("background_check"), {}, with_fields({{"fullname", "A"}, {"birth_date", date}}), "", bad,
                "YYYY-MM-DD");
        const auto plan =
            kyc::plan_case(find("background_check"), {}, with_fields({{"fullname", "A"}, {"birth_date", date}}), "");
        BOOST_TEST((date == "x" || plan.error().message.find(date) == std::string::npos));
    }
    BOOST_TEST(
        kyc::plan_case(find("background_check"), {}, with_fields({{"birth_date", "1984-02-29"}}), "").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
