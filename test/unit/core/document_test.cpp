#include "core/answer.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

const kyc::service_table table;

kyc::answer read(std::string_view service, const std::string& data) {
    auto reading = kyc::read_task_reply(*table.find(service), data);
    BOOST_TEST_REQUIRE((reading.state == kyc::task_state::answered), data);
    return *reading.answer;
}

std::string or_none(const std::optional<std::string>& value) {
    return value.value_or("(none)");
}

} // namespace

BOOST_AUTO_TEST_SUITE(document)

BOOST_AUTO_TEST_CASE(a_card_is_read_into_the_common_shape) {
    const auto said = read("kyc_card", R"({"document": {
        "is_valid": true, "is_expired": false, "full_name": "ERIKA MUSTERMANN", "date_of_birth": "1983-08-12",
        "card_number": "L01XM00CH", "country": "Germany", "gender": "", "marital_status": "", "occupation": "", "religion": "",
        "portrait": "images/services/ocr_card/1234567890.jpg",
        "portrait_url": "https://be.progeny.tech/media/images/services/ocr_card/1234567890.jpg"},
        "compare": true, "liveness": true})");
    BOOST_TEST_REQUIRE(said.document.has_value());
    const auto& card = *said.document;
    BOOST_TEST(or_none(card.type) == "card");
    BOOST_TEST(or_none(card.number) == "L01XM00CH");
    BOOST_TEST(or_none(card.full_name) == "ERIKA MUSTERMANN");
    BOOST_TEST(or_none(card.date_of_birth) == "1983-08-12");
    BOOST_TEST(or_none(card.country) == "Germany");
    BOOST_TEST(or_none(card.portrait_url) == "https://be.progeny.tech/media/images/services/ocr_card/1234567890.jpg");
    for (const auto& absent :
         {card.first_name, card.last_name, card.sex, card.nationality, card.issued_on, card.expires_on}) {
        BOOST_TEST(or_none(absent) == "(none)");
    }
}

BOOST_AUTO_TEST_CASE(a_passport_is_read_into_the_common_shape) {
    const auto said = read("ocr_passport", R"({"document": {
        "is_valid": true, "is_expired": false, "dateOfBirth": "1991-9-24", "age": 30, "firstName": "ERIKA",
        "lastName": "MUSTERMANN", "dateOfIssue": "None-None-None", "dateOfExpiry": "2023-9-25", "documentNumber": "AB123456",
        "sex": "F", "nationality": "GERMAN", "portrait_url": "https://dev.progeny.tech/media/1.jpg"}})");
    BOOST_TEST_REQUIRE(said.document.has_value());
    const auto& passport = *said.document;
    BOOST_TEST(or_none(passport.type) == "passport");
    BOOST_TEST(or_none(passport.number) == "AB123456");
    BOOST_TEST(or_none(passport.first_name) == "ERIKA");
    BOOST_TEST(or_none(passport.last_name) == "MUSTERMANN");
    BOOST_TEST(or_none(passport.date_of_birth) == "1991-09-24");
    BOOST_TEST(or_none(passport.sex) == "F");
    BOOST_TEST(or_none(passport.nationality) == "GERMAN");
    BOOST_TEST(or_none(passport.expires_on) == "2023-09-25");
    for (const auto& absent : {passport.full_name, passport.country, passport.issued_on}) {
        BOOST_TEST(or_none(absent) == "(none)");
    }
}

BOOST_AUTO_TEST_CASE(the_flavour_of_the_fields_decides_before_the_services_name) {
    const auto type = [](std::string_view service, const std::string& fields) {
        return or_none(read(service, R"({"document": {)" + fields + "}}").document->type);
    };
    BOOST_TEST(type("kyc_card", R"("documentNumber": "A")") == "passport");
    BOOST_TEST(type("kyc_passport", R"("card_number": "A")") == "card");
    BOOST_TEST(type("kyc_passport", R"("country": "A")") == "passport");
    BOOST_TEST(type("kyc_card_with_background_check", R"("country": "A")") == "card");
    BOOST_TEST(type("face_liveness", R"("country": "A")") == "(none)");
}

BOOST_AUTO_TEST_CASE(a_value_that_says_nothing_is_absent) {
    for (const std::string value : {R"("")", R"("  ")", R"("None")", "null", "true", "{}", "[\"x\"]", "1.5"}) {
        const auto said = read("kyc_card", R"({"document": {"card_number": )" + value + R"(, "country": "X"}})");
        BOOST_TEST(or_none(said.document->number) == "(none)", value);
    }
    BOOST_TEST(or_none(read("kyc_card", R"({"document": {"card_number": 123456}})").document->number) == "123456");
    BOOST_TEST(or_none(read("kyc_card", R"({"document": {"sex": "", "gender": "M"}})").document->sex) == "M");
    BOOST_TEST(or_none(read("kyc_card", R"({"document": {"full_name": "X", "date_of_birth": "1991-02-30"}})")
                           .document->date_of_birth) == "(none)");
}

BOOST_AUTO_TEST_CASE(a_document_without_a_single_field_is_none) {
    for (const auto* body :
         {R"({"document": {}})", R"({"document": null})", R"({"document": true})", R"({"liveness": true})",
          R"({"document": {"is_valid": false, "full_name": "", "date_of_birth": "None-None-None"}})"}) {
        BOOST_TEST(!read("kyc_card", body).document.has_value(), body);
    }
}

BOOST_AUTO_TEST_CASE(a_background_check_is_read_as_it_is) {
    const auto said = read("background_check", R"({"background_check": {
        "potential_match": true, "risk_level": "medium", "total_matches": 2, "hits": [{"id": 7}, "x"]}})");
    BOOST_TEST_REQUIRE(said.background.has_value());
    BOOST_TEST((said.background->potential_match == std::optional<bool>{true}));
    BOOST_TEST(or_none(said.background->risk_level) == "medium");
    BOOST_TEST(said.background->total_matches.value_or(-1) == 2);
    BOOST_TEST(boost::json::serialize(said.background->hits) == R"([{"id":7},"x"])");
}

BOOST_AUTO_TEST_CASE(a_total_of_matches_may_come_as_text_but_not_as_nonsense) {
    const auto total = [](const std::string& value) {
        return read("background_check", R"({"background_check": {"total_matches": )" + value + "}}")
            .background->total_matches;
    };
    BOOST_TEST(total("3").value_or(-1) == 3);
    BOOST_TEST(total("\"3\"").value_or(-1) == 3);
    BOOST_TEST(total("3.0").value_or(-1) == 3);
    for (const auto* nonsense :
         {"1e400", "-1e400", "3.5", "18446744073709551615", "1e300", "\"3x\"", "\"\"", "null", "[]"}) {
        BOOST_TEST(!total(nonsense).has_value(), nonsense);
    }
}

BOOST_AUTO_TEST_SUITE_END()
